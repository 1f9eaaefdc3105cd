#!/bin/sh
# Makes the key stores beside it (needs openssl and keytool). They are kept, so that tests need no Java: a client key whose
# certificate comes from an intermediate authority, and trust in the root. Passwords: store "changeit", key "keypass".
set -eu
cd "$(dirname "$0")"
days=36500
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days $days -subj "/CN=Test Root" \
    -keyout "$tmp/root.key" -out root.pem 2>/dev/null
sign() { # name subject issuer extension
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" -keyout "$tmp/$1.key" -out "$tmp/$1.csr" 2>/dev/null
    printf '%s' "$4" >"$tmp/$1.ext"
    openssl x509 -req -in "$tmp/$1.csr" -CA "$3.pem" -CAkey "$tmp/$(basename "$3").key" -CAcreateserial -days $days \
        -extfile "$tmp/$1.ext" -out "$tmp/$1.pem" 2>/dev/null
}
cp root.pem "$tmp/root.pem"
sign intermediate "/CN=Test Intermediate" "$tmp/root" "basicConstraints=critical,CA:true"
sign client "/CN=client" "$tmp/intermediate" "subjectAltName=DNS:localhost,IP:127.0.0.1"
cat "$tmp/client.pem" "$tmp/intermediate.pem" >chain.pem
openssl pkcs8 -topk8 -in "$tmp/client.key" -nocrypt -out key.pem
openssl pkcs8 -topk8 -in "$tmp/client.key" -passout pass:keypass -out key-encrypted.pem
cat key-encrypted.pem chain.pem >client.pem
rm -f ./*.p12 ./*.jks
openssl pkcs12 -export -inkey key.pem -in "$tmp/client.pem" -certfile "$tmp/intermediate.pem" -name client \
    -passout pass:changeit -out client.p12
openssl pkcs12 -export -legacy -inkey key.pem -in "$tmp/client.pem" -certfile "$tmp/intermediate.pem" -name client \
    -passout pass:changeit -out client-legacy.p12
keytool -importkeystore -noprompt -srckeystore client.p12 -srcstoretype PKCS12 -srcstorepass changeit -destkeystore client.jks \
    -deststoretype JKS -deststorepass changeit -srcalias client -destkeypass keypass 2>/dev/null
keytool -importcert -noprompt -alias root -file root.pem -keystore trust.jks -storetype JKS -storepass changeit 2>/dev/null
keytool -importcert -noprompt -alias other -file "$tmp/intermediate.pem" -keystore trust.jks -storetype JKS -storepass changeit 2>/dev/null
keytool -importcert -noprompt -alias root -file root.pem -keystore trust.p12 -storetype PKCS12 -storepass changeit 2>/dev/null
keytool -importkeystore -noprompt -srckeystore client.p12 -srcstoretype PKCS12 -srcstorepass changeit -destkeystore client.jceks \
    -deststoretype JCEKS -deststorepass changeit 2>/dev/null
