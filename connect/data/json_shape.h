/* What the JSON documents of a topic have in common. Most producers write one kind of record: the same names in the
 * same order, around other values. Such a text is checked by comparing, not by parsing:
 *
 *     {"id":7,"user":{"name":"Ada","tags":["x"]}}
 *     ------ --------------- -------------- -----    pieces of the shape: compared, byte for byte
 *           #               #####         ###        leaves: any string, number or word, checked one by one
 *
 * Putting other leaves between the pieces of a correct document leaves it correct, and its names differ from one
 * another as before. So what json_scan would say of the text is known once all pieces are found; where one is not,
 * json_scan checks the text. A converter remembers the last few shapes it met. */
#ifndef CONNECT_DATA_JSON_SHAPE_H
#define CONNECT_DATA_JSON_SHAPE_H

#include "connect/base/auto.h"
#include "connect/data/json_scan.h"

struct json_shapes;

struct json_shapes *json_shapes_new(void);
struct json_shapes *json_shapes_free(struct json_shapes *shapes);
/* As json_scan says it: true when the text has one of the shapes. `depth` containers are open around it. */
bool json_shapes_check(struct json_shapes *shapes, const char *text, size_t len, unsigned depth, struct json_scan *ret);
/* Takes the shape of a text that json_scan took, perhaps: not if it is too large, names a member twice, or if hardly
 * any text has a shape that was met before. */
void json_shapes_learn(struct json_shapes *shapes, unsigned depth, const struct json_scan *scan);

AUTO_FREE(json_shapes, struct json_shapes, json_shapes_free)

#endif
