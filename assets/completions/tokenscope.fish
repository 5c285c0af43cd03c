# Completion of tokenscope for fish: tokenscope completions fish | source
function __tokenscope_complete
    set -l words (commandline -opc)
    set -e words[1]
    tokenscope __complete $words (commandline -ct) 2>/dev/null
end
complete -c tokenscope -f -a '(__tokenscope_complete)'
complete -c tokenscope -l ca-file -r -F
