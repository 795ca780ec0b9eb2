//! Evidence, trust and time in; a verdict on six axes out. Pure.
