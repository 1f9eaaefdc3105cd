/* Documentation from option rows: for the terminal and as Markdown. */
#ifndef CONFIG_RENDER_H
#define CONFIG_RENDER_H

#include "config/def.h"
#include "connect/base/buf.h"

enum render_style { RENDER_TEXT, RENDER_MARKDOWN };

/* A heading. */
int render_title(struct buf *out, enum render_style style, const char *title);
/* A paragraph, for the terminal broken into lines of at most 100 bytes with `indent` blanks before each. */
int render_paragraph(struct buf *out, enum render_style style, int indent, const char *text);
/* Every row but internal ones (their doc is ""): name, type, default, valid values, importance, what it does. */
int render_options(struct buf *out, enum render_style style, const struct kc_option *rows);

#endif
