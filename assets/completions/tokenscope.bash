# Completion of tokenscope for bash, 3.2 included: eval "$(tokenscope completions bash)"
_tokenscope() {
    local line word prefix candidates files
    COMPREPLY=()
    # What readline does not replace of the word under the cursor: bash 3.2 does not split at `=`.
    word=${COMP_WORDS[COMP_CWORD]}
    prefix=${word%"$2"}
    candidates=$("${1/#\~/$HOME}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    while IFS= read -r line; do
        if [ "$line" = $'\tfiles' ]; then
            compopt -o filenames 2>/dev/null
            files=$(compgen -f -- "$2")
            while IFS= read -r line; do
                [ -z "$line" ] || COMPREPLY[${#COMPREPLY[@]}]=$line
            done <<FILES
$files
FILES
        elif [ -n "$line" ]; then
            line=${line%%$'\t'*}
            COMPREPLY[${#COMPREPLY[@]}]=${line#"$prefix"}
        fi
    done <<CANDIDATES
$candidates
CANDIDATES
}
complete -F _tokenscope tokenscope
