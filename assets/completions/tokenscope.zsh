#compdef tokenscope
# Completion of tokenscope for zsh: eval "$(tokenscope completions zsh)", behind compinit if that is
# run; or a file _tokenscope in a folder of $fpath.
_tokenscope() {
    local line
    local -a candidates
    while IFS= read -r line; do
        if [[ $line == $'\tfiles' ]]; then
            compset -P '--*='
            _files
            return
        fi
        # _describe splits at the first colon that has no backslash.
        candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done < <("${words[1]/#\~/$HOME}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( $#candidates )); then
        _describe tokenscope candidates
    fi
}
if [[ ${funcstack[1]-} == _tokenscope ]]; then
    _tokenscope "$@"
else
    if (( ! $+functions[compdef] )); then
        # Without its dump file, which is the user's own compinit's to write.
        autoload -Uz compinit && compinit -D -i
    fi
    compdef _tokenscope tokenscope
    # A compinit that is run later forgets what was there before.
    autoload -Uz add-zsh-hook
    _tokenscope_register() {
        add-zsh-hook -d precmd _tokenscope_register
        (( $+_comps[tokenscope] )) || compdef _tokenscope tokenscope
    }
    add-zsh-hook precmd _tokenscope_register
fi
