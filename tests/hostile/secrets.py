"""Every shape in which a secret may stand, and what only looks like one. SECRET is the text that nobody may see."""

from __future__ import annotations

import json

SECRET = "hunter2"

NAMES = (
    *(
        "DB_PASS",
        "DBPASS",
        "MYSQL_PWD",
        "AUTH_KEY",
        "PGPASSWORD",
        "db.password",
        "dbPassword",
        "signingKey",
        "authPass",
    ),
    *("API_TOKEN", "GITHUBTOKEN", "token2", "TOKENS", "CLIENT_SECRET", "SECRETKEY", "aws_secret_access_key", "APIKEY"),
    *("x-api-key", "private_key", "SSH_KEY", "KEY_1", "credentials", "NEO4J_AUTH", "AUTH_SALT", "passphrase", "pwd"),
    *("jwt", "ACCOUNT-KEY", "_authToken", "splunk-token", "auth"),
)
"""Whatever stands under such a name is secret."""

OTHER_NAMES = (
    *(
        "MONKEY",
        "KEYBOARD",
        "PASSIVE",
        "AUTHOR",
        "TOKENIZER",
        "TOKENIZERS_PARALLELISM",
        "KEYSPACE",
        "BYPASS",
        "COMPASS",
    ),
    *("SECRETARY", "DONKEY_KONG", "MODE", "AUTHORITY", "KEYCLOAK_URL", "HOCKEY", "PASSENGER", "turnkey", "compassion"),
)

TEXTS = (
    *(f"{name}={SECRET}" for name in NAMES),
    *(f"env: {name}: {SECRET}" for name in NAMES if name != "auth"),
    *(f"{name} = '{SECRET}' and more" for name in NAMES),
    *(json.dumps({name: SECRET}) for name in NAMES),
    *(str({name: SECRET}) for name in NAMES),
    # values with anything in them
    f"DB_PASS={SECRET},{SECRET}",
    f"user=a,password={SECRET},{SECRET},vers=3",
    f"DB_PASS={SECRET};{SECRET}",
    f"Server=x;Pwd={SECRET};Database=y",
    f"DB_PASS=(({SECRET}))",
    f"DB_PASS=a)b{SECRET}",
    f"DB_PASS=a'b{SECRET}",
    f"DB_PASS=${SECRET}$x",
    f"DB_PASS=$2y$10${SECRET}",
    f"DB_PASS=*{SECRET}*",
    f"DB_PASS={{{SECRET}}}",
    f"DB_PASS=[{SECRET}",
    f"DB_PASS=-{SECRET}",
    f"DB_PASS=\x1f{SECRET}",
    f"DB_PASS=\u200b{SECRET}",
    f"DB_PASS=a\u202e{SECRET}",
    f'DB_PASS="two words {SECRET}"',
    f"DB_PASS='two words {SECRET}'",
    f'{{"password": "a\\"b{SECRET}"}}',
    f'DB_PASS="never closed {SECRET}',
    f"a text in JSON: {json.dumps(json.dumps({'password': f'a b {SECRET}'}))}",
    f"DB_PASS=c2VjcmV0L3Nl+{SECRET}==",
    f"DB_PASS={'x' * 5000}{SECRET}",
    f"?user=a&password={SECRET}&ssl=1",
    # addresses
    f"postgres://u:{SECRET}@h/db",
    f"postgres://u:pa/{SECRET}@h/db",
    f"postgres://u:{SECRET}/ss@h/db",
    f"postgres://u:12/{SECRET}@h/db",
    f"amqp://u:pa#{SECRET}@h/db",
    f"amqp://u:pa?{SECRET}@h/db",
    f"redis://:{SECRET}@h",
    f"redis://:p@{SECRET}@h",
    f"https://{SECRET}@h/repo.git",
    f"https://u:{SECRET}@h/@scope/x",
    f"git+https://{SECRET}@h/repo.git",
    f"jdbc:postgresql://u:{SECRET}@h/db",
    f"u:{SECRET}@tcp(h:3306)/db",
    f"https://h/x?key={SECRET}",
    f"https://h/x?a=b&sig={SECRET}",
    # commands
    f"redis-server --requirepass {SECRET} --port 1",
    f"x --password {SECRET}",
    f"x --password '{SECRET} two'",
    f'x --password "two {SECRET}"',
    f"x --db-pass={SECRET}",
    f"x --auth-token  {SECRET}",
    f"mysqladmin -uroot -p{SECRET} ping",
    f"mariadb-admin -p{SECRET} ping",
    f"redis-cli -a {SECRET} ping",
    f"sshpass -p {SECRET} ssh h",
    f"curl -u ada:{SECRET} http://h",
    f"curl --user ada:{SECRET} http://h",
    # headers
    f"Authorization: Bearer {SECRET}",
    f"authorization: {SECRET}",
    f"Authorization: Digest username={SECRET}, nonce={SECRET}",
    f"curl -H 'Authorization: token {SECRET}'",
    f"the header was Bearer {SECRET}X",
    f"Cookie: sid={SECRET}; other={SECRET}",
    f"X-Api-Key: {SECRET}",
    # things with a shape of their own
    f"-----BEGIN RSA PRIVATE KEY-----\nMIIE{SECRET}\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\\nMIIE{SECRET}\\n-----END PRIVATE KEY-----",
    f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET} and no end",
    f"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{SECRET}",
    f"ghp_{SECRET}AAAAAAAAAAAAAAAAAAAAAAA",
    f"glpat-{SECRET}AAAAAAAAAAAAAAAAAA",
    f"xoxb-1234-{SECRET}",
    f"sk-ant-{SECRET}AAAAAAAAAAAAAAAAAAAAAA",
    f"AIza{SECRET}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
)

ARGUMENTS = (
    ["redis-server", "--requirepass", SECRET],
    ["x", f"--password={SECRET}"],
    ["x", "--token", SECRET],
    ["mysqladmin", "ping", f"-p{SECRET}"],
    ["/usr/bin/mysql", f"-p{SECRET}"],
    ["redis-cli", "-a", SECRET],
    ["sshpass", "-p", SECRET, "ssh"],
    ["curl", "-u", f"ada:{SECRET}", "http://h"],
    ["sh", "-c", f"DB_PASS={SECRET} run"],
    ["CMD-SHELL", f"mysqladmin ping -p{SECRET}"],
)

HARMLESS = (
    *(f"{name}=value1" for name in OTHER_NAMES),
    *(f"{name}: value1" for name in OTHER_NAMES),
    *("key: value", "keys: a, b", "auth: none", "unknown key `passwort`", "a password is asked for by the registry"),
    *("http://host:8080/path", "http://host:4873/@scope/pkg", "ssh://root@host", "tcp://10.0.0.1:2375", "a key=value"),
    *("docker run --user 1000:1000 x", "--user app:app", "cp -p a b", "mkdir -p /a/b", "ps -p1", "nc -a b"),
    *("registry:5000/team/app:1.2@sha256:0123456789abcdef", "app:1.2@sha256:0123456789abcdef", "me@example.org"),
    *(
        "Basic authentication is off",
        "the bearer of bad news",
        "  token: {file: ./token}",
        "DB_PASSWORD: ${DB_PASSWORD}",
    ),
    *("--token=$TOKEN", "password: *shared", "containers.web.secrets[0]: there is no secret `token` in this file"),
    *(
        "nginx -g 'daemon off;'",
        "starting `web`: the host's port 8080 is taken",
        "10.1.0.2:80",
        "a:b::c",
        "12:34@56"[:5],
    ),
    *("git@github.com:team/app.git", "content: |", "secrets:", "tls.key: |", "DB_PASS=", "DB_PASS:", "x --password"),
)
