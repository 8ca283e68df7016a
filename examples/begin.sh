# Begin a page of docs/: create a new user, and set $api, $json and $token. Source it: `. examples/begin.sh`
api=${api:-http://127.0.0.1:8000/api/v1}
json='Content-Type: application/json'

# Show the answer on standard input, and print one of its fields, for example: id=$(curl … | pick results 0 id)
pick() {
  python3 -c '
import json, sys

text = sys.stdin.read()
try:
    found = json.loads(text)
    print(json.dumps(found, indent=2, ensure_ascii=False), file=sys.stderr)
    for name in sys.argv[1:]:
        found = found[int(name)] if isinstance(found, list) else found[name]
except (ValueError, LookupError, TypeError):
    sys.exit("The answer has no field “" + " ".join(sys.argv[1:]) + "”. If there is no answer, start Outlay, or set api to its address.")
print(found)' "$@"
}

reader=reader-$(python3 -c 'import secrets; print(secrets.token_hex(4))')
token="Authorization: Token $(curl -s $api/auth/register/ -H "$json" \
  -d "{\"username\": \"$reader\", \"email\": \"$reader@example.org\", \"password\": \"violet-Kettle-42\"}" | pick token)"
