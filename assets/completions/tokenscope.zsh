#compdef tokenscope
# Completion of tokenscope for zsh: source <(tokenscope completions zsh), or a file _tokenscope in
# a folder of $fpath.
_tokenscope() {
    local line
    local -a candidates
    while IFS= read -r line; do
        # _describe splits at the first colon that has no backslash.
        candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done < <("${words[1]/#\~/$HOME}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( $#candidates )); then
        _describe tokenscope candidates
    else
        _files
    fi
}
if [[ $funcstack[1] == _tokenscope ]]; then
    _tokenscope "$@"
else
    compdef _tokenscope tokenscope
fi
