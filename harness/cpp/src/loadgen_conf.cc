#include "loadgen_conf.h"

#include <fstream>
#include <set>
#include <sstream>

namespace harness {
namespace {

using mlperf::TestSettings;
using Text = const std::string&;

/// TestSettings::FromConfig as the releases have it: 4.0, and from 5.0 on.
using FromFile = int (TestSettings::*)(Text path, Text model, Text scenario);
using FromKind = int (TestSettings::*)(Text path, Text model, Text scenario, int kind);

void Require(int error, const std::string& option, const std::string& path) {
  if (error == 0) return;
  throw UsageError(option + " " + path + ": LoadGen cannot read it (error " + std::to_string(error) +
                   "); it takes lines `model.scenario.key = number`");
}

[[maybe_unused]] void Read(FromFile from, const Settings& settings, TestSettings* test) {
  const char* scenario = NameOf(settings.scenario);
  if (settings.mlperf_conf.empty()) {
    throw UsageError("--mlperf-conf is missing: this release of LoadGen has no mlperf.conf compiled in");
  }
  Require((test->*from)(settings.mlperf_conf, settings.model_name, scenario), "--mlperf-conf", settings.mlperf_conf);
  if (settings.user_conf.empty()) return;
  Require((test->*from)(settings.user_conf, settings.model_name, scenario), "--user-conf", settings.user_conf);
}

[[maybe_unused]] void Read(FromKind from, const Settings& settings, TestSettings* test) {
  constexpr int kBuiltInAlone = 0;
  constexpr int kBuiltInThenFile = 1;
  const int error = (test->*from)(settings.user_conf, settings.model_name, NameOf(settings.scenario),
                                  settings.user_conf.empty() ? kBuiltInAlone : kBuiltInThenFile);
  Require(error, "--user-conf", settings.user_conf);
}

}  // namespace

void ReadConf(const Settings& settings, TestSettings* test) {
  // LoadGen takes no notice of an audit.config that is not there.
  if (!settings.audit_conf.empty() && !std::ifstream(settings.audit_conf)) {
    throw UsageError("--audit-conf " + settings.audit_conf + ": cannot be read");
  }
  Read(&TestSettings::FromConfig, settings, test);
}

bool UserConfNames(const Settings& settings, const std::string& key) {
  std::set<std::string> names;
  for (const std::string& model : {settings.model_name, std::string("*")}) {
    for (const std::string& scenario : {std::string(NameOf(settings.scenario)), std::string("*")}) {
      names.insert(model + "." + scenario + "." + key);
    }
  }
  std::ifstream lines(settings.user_conf);
  for (std::string line, name; std::getline(lines, line);) {
    if (std::istringstream(line) >> name && names.count(name) != 0) return true;
  }
  return false;
}

}  // namespace harness
