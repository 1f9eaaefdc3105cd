/* The default header converter: text out, and a guess at the type of text when it comes in. */
#ifndef CONNECT_CONVERT_HEADER_SIMPLE_H
#define CONNECT_CONVERT_HEADER_SIMPLE_H

#include "connect/plugin.h"

/* org.apache.kafka.connect.storage.SimpleHeaderConverter */
extern const struct kc_plugin simple_header_converter;

#endif
