#include "tests/support/http_ask.h"

#include <stdio.h>
#include <string.h>

static size_t collect(char *data, size_t size, size_t count, void *arg) {
    (void)buf_add(arg, data, size * count);
    return size * count;
}

static struct curl_slist *lines(const char *header) {
    struct curl_slist *list = NULL;
    char line[32 * 1024];
    while (*header) {
        size_t n = strcspn(header, "\n");
        snprintf(line, sizeof line, "%.*s", (int)n, header);
        list = curl_slist_append(list, line);
        header += n + (header[n] == '\n');
    }
    return list;
}

struct http_answer http_ask(const char *method, const char *url, const char *body, const char *header,
                            void (*prepare)(CURL *curl, void *arg), void *arg) {
    struct http_answer answer = {0};
    CURL *curl = curl_easy_init();
    struct curl_slist *list = lines(header);
    buf_init(&answer.body, 1 << 20);
    buf_init(&answer.headers, 1 << 20);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(method, "HEAD") == 0 ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer.headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    if (body)
        curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body);
    if (prepare)
        prepare(curl, arg);
    answer.code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_slist_free_all(list);
    curl_easy_cleanup(curl);
    return answer;
}

void http_answer_done(struct http_answer *answer) {
    buf_done(&answer->body);
    buf_done(&answer->headers);
}
