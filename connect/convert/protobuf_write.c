/* The text of a file, byte for byte as Confluent's ProtobufSchemaUtils.toString prints it: two blanks for each level,
 * also on the empty lines between the parts of a nested message.
 * @source ProtobufSchemaUtils.toString, ProtobufSchema.toProtoFile */
#include <stdio.h>
#include <string.h>

#include "connect/convert/protobuf_schema.h"

struct writer {
    struct buf *out;
    unsigned indent;
    bool blank; /* at the start of a line */
};

/* Appends text; behind each newline comes the indent of the line that follows. */
static void put(struct writer *w, const char *s) {
    for (; *s; s++) {
        for (unsigned i = 0; w->blank && i < w->indent; i++)
            buf_add_text(w->out, "  ");
        w->blank = *s == '\n';
        buf_add_char(w->out, *s);
    }
}

static void put_number(struct writer *w, int32_t n) {
    char digits[16];
    snprintf(digits, sizeof(digits), "%d", n);
    put(w, digits);
}

static void put_quoted(struct writer *w, const char *s) {
    static const char special[] = "\a\b\f\n\r\t\v\\'\"", letters[] = "abfnrtv\\'\"";
    put(w, "\"");
    for (; *s; s++) {
        const char *at = strchr(special, *s);
        put(w, at ? (const char[]){'\\', letters[at - special], 0} : (const char[]){*s, 0});
    }
    put(w, "\"");
}

static void put_params(struct writer *w, const struct protobuf_field *field) {
    put(w, " [(confluent.field_meta) = {\n");
    w->indent++;
    put(w, "params: [\n");
    w->indent++;
    for (uint32_t i = 0; i < field->param_count; i++) {
        const struct protobuf_param *param = &field->params[i];
        /* precision and scale were once written the other way round, and still are */
        bool value_first = strcmp(param->key, "precision") == 0 || strcmp(param->key, "scale") == 0;
        put(w, "{\n");
        w->indent++;
        for (int half = 0; half < 2; half++) {
            bool value = (half == 0) == value_first;
            put(w, value ? "value: " : "key: ");
            put_quoted(w, value ? param->value : param->key);
            put(w, half == 0 ? ",\n" : "\n");
        }
        w->indent--;
        put(w, i + 1 < field->param_count ? "},\n" : "}\n");
    }
    w->indent--;
    put(w, "]\n");
    w->indent--;
    put(w, "}]");
}

static void put_field(struct writer *w, const struct protobuf_field *field) {
    static const char *const labels[] = {"", "optional ", "required ", "repeated "};
    put(w, field->oneof < 0 ? labels[field->label] : "");
    put(w, field->type_name ? field->type_name : protobuf_type_name(field->type));
    put(w, " ");
    put(w, field->name);
    put(w, " = ");
    put_number(w, field->number);
    if (field->param_count)
        put_params(w, field);
    put(w, ";\n");
}

static void put_fields(struct writer *w, const struct protobuf_message *m, int32_t oneof) {
    for (uint32_t i = 0; i < m->field_count; i++)
        if (m->fields[i]->oneof == oneof)
            put_field(w, m->fields[i]);
}

static void put_enum(struct writer *w, const struct protobuf_enum *en) {
    put(w, "enum ");
    put(w, en->name);
    put(w, " {");
    put(w, en->value_count ? "\n" : "");
    w->indent++;
    for (uint32_t i = 0; i < en->value_count; i++) {
        put(w, en->values[i].name);
        put(w, " = ");
        put_number(w, en->values[i].number);
        put(w, ";\n");
    }
    w->indent--;
    put(w, "}\n");
}

static void put_oneofs(struct writer *w, const struct protobuf_message *m) {
    for (uint32_t i = 0; i < m->oneof_count; i++) {
        put(w, "oneof ");
        put(w, m->oneofs[i]->name);
        put(w, " {\n");
        w->indent++;
        put_fields(w, m, (int32_t)i);
        w->indent--;
        put(w, "}\n");
    }
}

static bool has_plain_fields(const struct protobuf_message *m) {
    for (uint32_t i = 0; i < m->field_count; i++)
        if (m->fields[i]->oneof < 0)
            return true;
    return false;
}

/* Ends the line of the brace, or makes an empty line between parts; that has the indent of the message itself. */
static void put_separator(struct writer *w) {
    w->indent--;
    put(w, "\n");
    w->indent++;
}

static void put_message(struct writer *w, const struct protobuf_message *m) {
    put(w, "message ");
    put(w, m->name);
    put(w, " {");
    w->indent++;
    if (m->map_entry)
        put(w, "\noption map_entry = true;\n");
    if (has_plain_fields(m)) {
        put_separator(w);
        put_fields(w, m, -1);
    }
    if (m->oneof_count) {
        put_separator(w);
        put_oneofs(w, m);
    }
    if (m->message_count || m->enum_count)
        put_separator(w);
    for (uint32_t i = 0; i < m->message_count; i++)
        put_message(w, m->messages[i]);
    for (uint32_t i = 0; i < m->enum_count; i++)
        put_enum(w, m->enums[i]);
    w->indent--;
    put(w, "}\n");
}

static void put_imports(struct writer *w, const char *start, const char **paths, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        put(w, start);
        put(w, paths[i]);
        put(w, "\";\n");
    }
}

int protobuf_write(struct buf *out, const struct protobuf_file *file) {
    struct writer w = {.out = out, .blank = true};
    if (file->has_syntax)
        put(&w, file->syntax == PROTOBUF_PROTO3 ? "syntax = \"proto3\";\n" : "syntax = \"proto2\";\n");
    if (file->package) {
        put(&w, "package ");
        put(&w, file->package);
        put(&w, ";\n");
    }
    if (file->import_count || file->public_import_count)
        put(&w, "\n");
    put_imports(&w, "import \"", file->imports, file->import_count);
    put_imports(&w, "import public \"", file->public_imports, file->public_import_count);
    if (file->message_count || file->enum_count)
        put(&w, "\n");
    for (uint32_t i = 0; i < file->message_count; i++)
        put_message(&w, file->messages[i]);
    for (uint32_t i = 0; i < file->enum_count; i++)
        put_enum(&w, file->enums[i]);
    return out->failed ? -1 : 0;
}
