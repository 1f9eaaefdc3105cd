/* Time. Deadlines use the monotonic clock. Tests may replace both (clock_fake_ms). */
#ifndef CONNECT_BASE_CLOCK_H
#define CONNECT_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_ms(void);      /* monotonic */
int64_t clock_wall_ms(void); /* since the epoch */
/* `at_ms` and `ms` together; what is beyond the end of time is its end, INT64_MAX: settings may say "for ever" so. */
int64_t clock_add_ms(int64_t at_ms, int64_t ms);
int64_t clock_after_ms(int64_t ms); /* clock_ms and `ms` together, in the same way: a deadline */
void clock_sleep_ms(int64_t ms);
/* From now on both clocks stand at `ms` (tests only); -1 = real time again. */
void clock_fake_ms(int64_t ms);

#endif
