/// \file
/// How LoadGen reads its two configuration files, which changed with its releases.
///
/// mlperf.conf has the round's rules and seeds, user.conf what a submitter may choose. Up to 4.0 both are files;
/// from 4.1 on mlperf.conf is compiled into LoadGen.
#pragma once

#include <test_settings.h>

#include <string>

#include "settings.h"

namespace harness {

/// Reads mlperf.conf, then user.conf where `settings` names one, into `test`.
/// \throws UsageError when LoadGen cannot read them or the audit.config, or needs a mlperf.conf that is not named.
void ReadConf(const Settings& settings, mlperf::TestSettings* test);

/// Whether a line of user.conf sets `key` for the settings' model and scenario, or for all.
bool UserConfNames(const Settings& settings, const std::string& key);

}  // namespace harness
