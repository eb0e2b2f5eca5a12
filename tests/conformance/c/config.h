/* The body of /init as a configuration. */

#ifndef CONFIG_H
#define CONFIG_H

#include "asked.h"

/* Always a configuration, for the caller to free. `state_dir`: where events wait if the body does not say. */
overt_config *make_config(asked *from, const char *state_dir);

#endif
