/* json_scan.c once more, as it is built where there are no vectors. */
#define JSON_BYTES_PLAIN
#define json_scan json_scan_plain

#include "connect/data/json_scan.c"
