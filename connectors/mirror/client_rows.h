/* Security options of Kafka clients, which every MirrorMaker connector documents and accepts without a prefix. Their
 * names are also those that `source.cluster.` and `target.cluster.` pass on to clients (see clients.c).
 * X(name, type, further members of the row). @source CommonClientConfigs, SslConfigs, SaslConfigs */
#ifndef CONNECTORS_MIRROR_CLIENT_ROWS_H
#define CONNECTORS_MIRROR_CLIENT_ROWS_H

#define MIRROR_CLIENT_ROWS(X)                                                                                         \
    X("ssl.protocol", STRING, .def = "TLSv1.3", .importance = KC_MEDIUM,                                              \
      .doc = "Accepted for Java's sake: ssl.enabled.protocols says which versions are spoken.")                       \
    X("ssl.provider", STRING, .importance = KC_MEDIUM, .doc = "Accepted for Java's sake; OpenSSL is the only one.")   \
    X("ssl.cipher.suites", LIST, .def = "", .importance = KC_LOW, .list_unique = true,                                \
      .doc = "Cipher suites that are allowed; not set: OpenSSL's.")                                                   \
    X("ssl.enabled.protocols", LIST, .def = "TLSv1.2,TLSv1.3", .importance = KC_MEDIUM, .list_unique = true,          \
      .doc = "TLS versions that are allowed.")                                                                        \
    X("ssl.keystore.type", STRING, .def = "JKS", .importance = KC_MEDIUM,                                             \
      .doc = "Format of the key store: JKS, PKCS12 or PEM.")                                                          \
    X("ssl.keystore.location", STRING, .importance = KC_HIGH, .doc = "File with this client's key and certificates.") \
    X("ssl.keystore.password", PASSWORD, .importance = KC_HIGH, .doc = "Password of the key store.")                  \
    X("ssl.key.password", PASSWORD, .importance = KC_HIGH,                                                            \
      .doc = "Password of the key in the key store or in ssl.keystore.key.")                                          \
    X("ssl.keystore.key", PASSWORD, .importance = KC_HIGH, .doc = "This client's key as PEM text.")                   \
    X("ssl.keystore.certificate.chain", PASSWORD, .importance = KC_HIGH,                                              \
      .doc = "This client's certificates as PEM text.")                                                               \
    X("ssl.truststore.certificates", PASSWORD, .importance = KC_HIGH,                                                 \
      .doc = "Certificates of trusted authorities as PEM text.")                                                      \
    X("ssl.truststore.type", STRING, .def = "JKS", .importance = KC_MEDIUM,                                           \
      .doc = "Format of the trust store: JKS, PKCS12 or PEM.")                                                        \
    X("ssl.truststore.location", STRING, .importance = KC_HIGH,                                                       \
      .doc = "File with the certificates of trusted authorities; not set: the system's.")                             \
    X("ssl.truststore.password", PASSWORD, .importance = KC_HIGH, .doc = "Password of the trust store.")              \
    X("ssl.keymanager.algorithm", STRING, .def = "SunX509", .importance = KC_LOW, .doc = "Accepted for Java's sake.") \
    X("ssl.trustmanager.algorithm", STRING, .def = "PKIX", .importance = KC_LOW, .doc = "Accepted for Java's sake.")  \
    X("ssl.endpoint.identification.algorithm", STRING, .def = "https", .importance = KC_LOW,                          \
      .doc = "https: host names are checked against the brokers' certificates. Empty: they are not.")                 \
    X("ssl.secure.random.implementation", STRING, .importance = KC_LOW,                                               \
      .doc = "Accepted for Java's sake; OpenSSL has its own.")                                                        \
    X("ssl.engine.factory.class", CLASS, .importance = KC_LOW, .kind = KC_KIND_NAMED,                                 \
      .one_of = mirror_engine_factories, .doc = "A Java class that makes TLS engines. None can be loaded here.")      \
    X("sasl.kerberos.service.name", STRING, .importance = KC_MEDIUM, .doc = "Kerberos principal of the brokers.")     \
    X("sasl.kerberos.kinit.cmd", STRING, .def = "/usr/bin/kinit", .importance = KC_LOW,                               \
      .doc = "Accepted for Java's sake: librdkafka renews tickets by a kinit of its own.")                            \
    X("sasl.kerberos.ticket.renew.window.factor", DOUBLE, .def = "0.8", .importance = KC_LOW,                         \
      .doc = "Accepted for Java's sake, see sasl.kerberos.min.time.before.relogin.")                                  \
    X("sasl.kerberos.ticket.renew.jitter", DOUBLE, .def = "0.05", .importance = KC_LOW,                               \
      .doc = "Accepted for Java's sake, see sasl.kerberos.min.time.before.relogin.")                                  \
    X("sasl.kerberos.min.time.before.relogin", LONG, .def = "60000", .importance = KC_LOW,                            \
      .doc = "How often the Kerberos ticket is renewed, in milliseconds.")                                            \
    X("sasl.login.refresh.window.factor", DOUBLE, .def = "0.8", .importance = KC_LOW, .has_min = true, .min = 0.5,    \
      .has_max = true, .max = 1.0,                                                                                    \
      .doc = "Accepted for Java's sake: a token is replaced after four fifths of its life.")                          \
    X("sasl.login.refresh.window.jitter", DOUBLE, .def = "0.05", .importance = KC_LOW, .has_min = true, .min = 0.0,   \
      .has_max = true, .max = 0.25, .doc = "Accepted for Java's sake, see sasl.login.refresh.window.factor.")         \
    X("sasl.login.refresh.min.period.seconds", SHORT, .def = "60", .importance = KC_LOW, .has_min = true, .min = 0,   \
      .has_max = true, .max = 900, .doc = "Accepted for Java's sake, see sasl.login.refresh.window.factor.")          \
    X("sasl.login.refresh.buffer.seconds", SHORT, .def = "300", .importance = KC_LOW, .has_min = true, .min = 0,      \
      .has_max = true, .max = 3600, .doc = "Accepted for Java's sake, see sasl.login.refresh.window.factor.")         \
    X("sasl.mechanism", STRING, .def = "GSSAPI", .importance = KC_MEDIUM,                                             \
      .doc = "SASL mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or GSSAPI.")                           \
    X("sasl.jaas.config", PASSWORD, .importance = KC_MEDIUM,                                                          \
      .doc = "Log-in module and its options, with user name and password or client id and secret.")                   \
    X("sasl.client.callback.handler.class", CLASS, .importance = KC_MEDIUM, .kind = KC_KIND_NAMED,                    \
      .one_of = mirror_callback_handlers, .doc = "A Java class, which cannot be loaded here: it has no effect.")      \
    X("sasl.login.callback.handler.class", CLASS, .importance = KC_MEDIUM, .kind = KC_KIND_NAMED,                     \
      .one_of = mirror_callback_handlers,                                                                             \
      .doc = "A Java class: OAuthBearerLoginCallbackHandler's work is done here, others have no effect.")             \
    X("sasl.login.class", CLASS, .importance = KC_MEDIUM, .kind = KC_KIND_NAMED, .one_of = mirror_login_classes,      \
      .doc = "A Java class, which cannot be loaded here: it has no effect.")                                          \
    X("sasl.login.connect.timeout.ms", INT, .importance = KC_LOW,                                                     \
      .doc = "How long connecting to the token endpoint may take.")                                                   \
    X("sasl.login.read.timeout.ms", INT, .importance = KC_LOW,                                                        \
      .doc = "How long the token endpoint may take to answer.")                                                       \
    X("sasl.login.retry.backoff.max.ms", LONG, .def = "10000", .importance = KC_LOW,                                  \
      .doc = "Accepted for Java's sake, see sasl.login.retry.backoff.ms.")                                            \
    X("sasl.login.retry.backoff.ms", LONG, .def = "100", .importance = KC_LOW,                                        \
      .doc = "Accepted for Java's sake: the token endpoint is asked again after ten seconds.")                        \
    X("sasl.oauthbearer.jwt.retriever.class", CLASS,                                                                  \
      .def = "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever", .importance = KC_MEDIUM,             \
      .kind = KC_KIND_NAMED, .one_of = mirror_jwt_retrievers,                                                         \
      .doc = "A Java class; the kind of token source is derived from the other options here.")                        \
    X("sasl.oauthbearer.jwt.validator.class", CLASS,                                                                  \
      .def = "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator", .importance = KC_MEDIUM,             \
      .kind = KC_KIND_NAMED, .one_of = mirror_jwt_validators,                                                         \
      .doc = "A Java class; tokens are checked by the brokers.")                                                      \
    X("sasl.oauthbearer.scope", STRING, .importance = KC_MEDIUM, .doc = "Scope to ask the identity provider for.")    \
    X("sasl.oauthbearer.client.credentials.client.id", STRING, .importance = KC_MEDIUM,                               \
      .doc = "Client id at the identity provider.")                                                                   \
    X("sasl.oauthbearer.client.credentials.client.secret", PASSWORD, .importance = KC_MEDIUM,                         \
      .doc = "Client secret at the identity provider.")                                                               \
    X("sasl.oauthbearer.assertion.algorithm", STRING, .def = "RS256", .importance = KC_MEDIUM,                        \
      .one_of = mirror_assertion_algorithms, .one_of_ignores_case = true,                                             \
      .doc = "Algorithm that signs assertions made here: RS256 or ES256.")                                            \
    X("sasl.oauthbearer.assertion.claim.aud", STRING, .importance = KC_MEDIUM,                                        \
      .doc = "Claim aud of assertions made here.")                                                                    \
    X("sasl.oauthbearer.assertion.claim.exp.seconds", INT, .def = "300", .importance = KC_LOW, .has_min = true,       \
      .min = 0, .has_max = true, .max = 86400, .doc = "How long assertions made here are valid.")                     \
    X("sasl.oauthbearer.assertion.claim.iss", STRING, .importance = KC_MEDIUM,                                        \
      .doc = "Claim iss of assertions made here.")                                                                    \
    X("sasl.oauthbearer.assertion.claim.jti.include", BOOLEAN, .def = "false", .importance = KC_MEDIUM,               \
      .doc = "Whether assertions made here carry a unique claim jti.")                                                \
    X("sasl.oauthbearer.assertion.claim.nbf.seconds", INT, .def = "60", .importance = KC_LOW, .has_min = true,        \
      .min = 0, .has_max = true, .max = 3600, .doc = "How long before their making assertions are valid.")            \
    X("sasl.oauthbearer.assertion.claim.sub", STRING, .importance = KC_MEDIUM,                                        \
      .doc = "Claim sub of assertions made here.")                                                                    \
    X("sasl.oauthbearer.assertion.file", STRING, .importance = KC_MEDIUM,                                             \
      .doc = "File with a ready-made assertion; the other assertion options are then ignored.")                       \
    X("sasl.oauthbearer.assertion.private.key.file", STRING, .importance = KC_MEDIUM,                                 \
      .doc = "PEM file of the key that signs assertions.")                                                            \
    X("sasl.oauthbearer.assertion.private.key.passphrase", PASSWORD, .importance = KC_MEDIUM,                         \
      .doc = "Passphrase of that file.")                                                                              \
    X("sasl.oauthbearer.assertion.template.file", STRING, .importance = KC_MEDIUM,                                    \
      .doc = "JSON file with further headers and claims of assertions.")                                              \
    X("sasl.oauthbearer.scope.claim.name", STRING, .def = "scope", .importance = KC_LOW,                              \
      .doc = "Accepted for Java's sake: tokens are checked by the brokers.")                                          \
    X("sasl.oauthbearer.sub.claim.name", STRING, .def = "sub", .importance = KC_LOW,                                  \
      .doc = "Claim that holds the subject.")                                                                         \
    X("sasl.oauthbearer.token.endpoint.url", STRING, .importance = KC_MEDIUM, .doc = "URL of the token endpoint.")    \
    X("sasl.oauthbearer.jwks.endpoint.url", STRING, .importance = KC_MEDIUM,                                          \
      .doc = "URL of the keys of the issuer; used by brokers.")                                                       \
    X("sasl.oauthbearer.jwks.endpoint.refresh.ms", LONG, .def = "3600000", .importance = KC_LOW,                      \
      .doc = "Used by brokers.")                                                                                      \
    X("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", LONG, .def = "10000", .importance = KC_LOW,              \
      .doc = "Used by brokers.")                                                                                      \
    X("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", LONG, .def = "100", .importance = KC_LOW,                    \
      .doc = "Used by brokers.")                                                                                      \
    X("sasl.oauthbearer.clock.skew.seconds", INT, .def = "30", .importance = KC_LOW, .doc = "Used by brokers.")       \
    X("sasl.oauthbearer.expected.audience", LIST, .def = "", .importance = KC_HIGH, .list_unique = true,              \
      .doc = "Used by brokers.")                                                                                      \
    X("sasl.oauthbearer.expected.issuer", STRING, .importance = KC_HIGH, .doc = "Used by brokers.")                   \
    X("sasl.oauthbearer.header.urlencode", BOOLEAN, .def = "false", .importance = KC_LOW,                             \
      .doc = "Whether client id and secret are URL-encoded in the request for a token.")

#endif
