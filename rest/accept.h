/* What the Accept headers of a request ask for. */
#ifndef REST_ACCEPT_H
#define REST_ACCEPT_H

enum accept_answer { ACCEPT_JSON, ACCEPT_OTHER /* 406 */, ACCEPT_MALFORMED /* 400 */ };

/* `text`: all Accept headers, joined by commas. *ret_type (malloc'ed) is the Content-Type of the answer when
 * application/ json was asked for with parameters, which an answer repeats, else NULL. @thread any */
enum accept_answer accept_json(const char *text, char **ret_type);

#endif
