#!/bin/sh
# Tell a chat when the verdict of `tokenscope check` changes.
#
#   WEBHOOK_URL=https://… notify.sh [CHECK ARGUMENTS…]      such as: notify.sh --warn 30d
#
# Runs `tokenscope check` with the arguments given and, if its exit code differs from that of the last run,
# posts the first line of its report as {"text": "…"}, the form of Slack's incoming webhooks. Mattermost,
# Rocket.Chat and Google Chat take it too. Meant for cron or a systemd timer: nothing is printed unless
# posting fails, and what could not be posted is tried again at the next run.
#
#   WEBHOOK_URL         where to post; it is a secret, and never an argument of a program
#   TOKENSCOPE          the program, if it is not `tokenscope` on PATH
#   TOKENSCOPE_NOTIFY   the file that remembers the last exit code, if it is not
#                       tokenscope/notify in XDG_STATE_HOME (~/.local/state)
set -u
umask 077

: "${WEBHOOK_URL:?is not set: the address to post to}"
case $WEBHOOK_URL in
    *[[:space:]\"\\]*) echo 'notify.sh: WEBHOOK_URL holds a blank, a quote or a backslash' >&2; exit 64 ;;
esac
for argument; do
    case $argument in
        -o* | --output* | --to*) echo "notify.sh: leave $argument out: the table is posted" >&2; exit 64 ;;
    esac
done
state=${TOKENSCOPE_NOTIFY:-${XDG_STATE_HOME:-$HOME/.local/state}/tokenscope/notify}

report=$("${TOKENSCOPE:-tokenscope}" check "$@" 2>/dev/null)
code=$?

last=0
[ ! -r "$state" ] || read -r last <"$state"
[ "$code" != "$last" ] || exit 0

line=$(printf '%s\n' "$report" | head -n 1)
[ -n "$line" ] || line="tokenscope check ended with code $code and printed nothing"

# What cannot be remembered would be posted at every run.
mkdir -p "$(dirname "$state")" && : >"$state.new" || exit

# Names of tokens are other people's text: nothing in them becomes JSON or, as a zero-width space follows
# each @, a mention in the chat.
gap=$(printf '\342\200\213')
text=$(printf '%s' "$line" | LC_ALL=C tr -d '\000-\037\177' |
    sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e "s/@/@$gap/g")

printf 'url = "%s"\n' "$WEBHOOK_URL" | curl --config - --silent --show-error --fail --max-time 30 \
    --output /dev/null --header 'Content-Type: application/json' --data-binary "{\"text\": \"$text\"}" ||
    exit

printf '%s\n' "$code" >"$state.new" && mv -f "$state.new" "$state"
