/* See endpoint.h. */
#include "connectors/s3/endpoint.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connectors/s3/sign.h"

static int bad_url(const char *url, const char *why, struct kc_error *err) {
    return err_set(err, ERR_BAD_CONFIG, "store.url \"%s\" is not a URL of an S3 store: %s", url, why);
}

/* A Host header without the scheme's default port is what libcurl and every other client send. */
static void drop_default_port(char *host, bool https) {
    const char *port = https ? ":443" : ":80";
    size_t len = strlen(host), port_len = strlen(port);
    if (len > port_len && !strcmp(host + len - port_len, port))
        host[len - port_len] = '\0';
}

static int parse_custom(const char *url, struct endpoint *ep, struct kc_error *err) {
    const char *rest = strstr(url, "://");
    ep->https = !rest || !strncasecmp(url, "https://", 8);
    if (rest && !ep->https && strncasecmp(url, "http://", 7) != 0)
        return bad_url(url, "the scheme must be https, http or file", err);
    rest = rest ? rest + 3 : url;
    size_t host_len = strcspn(rest, "/?#");
    if (!host_len || memchr(rest, '@', host_len) || memchr(rest, ' ', host_len))
        return bad_url(url, "it has no plain host name", err);
    const char *path = rest + host_len;
    size_t path_len = strlen(path);
    while (path_len && path[path_len - 1] == '/')
        path_len--;
    if (strpbrk(path, "?# "))
        return bad_url(url, "it has a query", err);
    if (host_len >= sizeof(ep->host) || path_len >= sizeof(ep->base_path))
        return bad_url(url, "it is too long", err);
    snprintf(ep->host, sizeof(ep->host), "%.*s", (int)host_len, rest);
    snprintf(ep->base_path, sizeof(ep->base_path), "%.*s", (int)path_len, path);
    drop_default_port(ep->host, ep->https);
    return 0;
}

int endpoint_parse(const struct store_conf *conf, struct endpoint *ret_endpoint, struct kc_error *err) {
    struct endpoint ep = {.https = true, .path_style = conf->path_style, .accelerate = conf->accelerate};
    if (conf->accelerate && conf->path_style)
        return err_set(err, ERR_BAD_CONFIG, "Acceleration needs the bucket in the host name, not path style access");
    if (conf->accelerate && strchr(conf->bucket, '.'))
        return err_set(err, ERR_BAD_CONFIG, "Acceleration does not work for bucket %s: its name has a dot",
                       conf->bucket);
    ep.custom = conf->url && *conf->url;
    if (ep.custom && parse_custom(conf->url, &ep, err) < 0)
        return -1;
    if (!ep.custom && (!conf->region || !*conf->region))
        return err_set(err, ERR_BAD_CONFIG, "s3.region is empty and there is no store.url");
    *ret_endpoint = ep;
    return 0;
}

int endpoint_host(const struct endpoint *ep, const char *bucket, const char *region, struct buf *out) {
    int rc = 0;
    if (!ep->path_style)
        rc |= buf_printf(out, "%s.", bucket);
    if (ep->custom)
        rc |= buf_add_text(out, ep->host);
    else if (ep->accelerate)
        rc |= buf_add_text(out, "s3-accelerate.amazonaws.com");
    else
        rc |= buf_printf(out, "s3.%s.amazonaws.com%s", region, strncmp(region, "cn-", 3) ? "" : ".cn");
    return rc ? -1 : 0;
}

int endpoint_path(const struct endpoint *ep, const char *bucket, const char *key, struct buf *out) {
    int rc = buf_add_text(out, ep->base_path);
    if (ep->path_style)
        rc |= buf_printf(out, "/%s", bucket);
    if (key) {
        rc |= buf_add_char(out, '/');
        rc |= sign_encode(out, key, true);
    } else if (!ep->path_style) {
        rc |= buf_add_char(out, '/');
    }
    return rc ? -1 : 0;
}
