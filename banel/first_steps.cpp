#include "banel/first_steps.h"
