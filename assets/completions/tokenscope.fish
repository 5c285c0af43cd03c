# Completion of tokenscope for fish: tokenscope completions fish | source
function __tokenscope_complete
    set -l words (commandline -opc)
    set -e words[1]
    # A line without a word asks for files, which fish offers by itself.
    tokenscope __complete $words (commandline -ct) 2>/dev/null | string match --regex '^[^\t].*'
end
complete -c tokenscope -f -a '(__tokenscope_complete)'
complete -c tokenscope -l ca-file -r -F
complete -c tokenscope -l to -r -F
