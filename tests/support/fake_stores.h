/* Status and offset store in memory, in the place of the real ones: what tasks write can be looked at.
 * A program that calls one of these functions gets the fakes instead of connect/store/. All functions: any thread. */
#ifndef TESTS_SUPPORT_FAKE_STORES_H
#define TESTS_SUPPORT_FAKE_STORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void fake_stores_init(void); /* empties both */
void fake_stores_done(void);

/* "RUNNING,PAUSED,…": all statuses so far, in order. Valid until the next call. */
const char *fake_statuses(void);
bool fake_status_is(const char *state); /* the last one */
/* Waits until the last status is `state`; false after timeout_ms. */
bool fake_status_wait(const char *state, int64_t timeout_ms);
const char *fake_trace(void);  /* of the last status with one, "" if none */
int32_t fake_generation(void); /* of the last status */
bool fake_topic_noted(const char *topic);

/* Stored offset of a key such as ["c",{"file":"a"}] as JSON; NULL none. Valid until the next call. */
const char *fake_offset(const char *key);
bool fake_offset_wait(const char *key, const char *value, int64_t timeout_ms);
void fake_offset_put(const char *key, const char *value);
void fake_offsets_fail(bool fail); /* offset_store_set fails from now on */
int fake_offset_writes(void);      /* successful calls of offset_store_set */

#endif
