#include "record.h"

#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace harness {
namespace {

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char character : text) {
    if (static_cast<unsigned char>(character) < 0x20) {
      char escaped[7];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(character));
      quoted += escaped;
      continue;
    }
    if (character == '"' || character == '\\') quoted += '\\';
    quoted += character;
  }
  return quoted + "\"";
}

/// Collects the fields of one JSON object.
class JsonObject {
 public:
  void Add(const std::string& name, const std::string& value) { AddText(name, Quoted(value)); }
  void Add(const std::string& name, const char* value) { AddText(name, Quoted(value)); }
  void Add(const std::string& name, size_t value) { AddText(name, std::to_string(value)); }
  void Add(const std::string& name, double value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.9g", value);
    AddText(name, digits);
  }
  std::string Text() const { return "{\n" + fields_ + "\n}\n"; }

 private:
  void AddText(const std::string& name, const std::string& value) {
    fields_ += (fields_.empty() ? "  " : ",\n  ") + Quoted(name) + ": " + value;
  }

  std::string fields_;
};

void AddSettings(const Settings& settings, JsonObject* record) {
  record->Add("backend", NameOf(settings.backend));
  record->Add("model", settings.model);
  record->Add("task", NameOf(settings.task));
  record->Add("provider", NameOf(settings.provider));
  record->Add("device_id", settings.device_id);
  record->Add("graph_optimization", NameOf(settings.graph_optimization));
  record->Add("tensors", settings.tensors);
  record->Add("scenario", NameOf(settings.scenario));
  record->Add("mode", NameOf(settings.mode));
  record->Add("model_name", settings.model_name);
  record->Add("mlperf_conf", settings.mlperf_conf);
  record->Add("user_conf", settings.user_conf);
  record->Add("audit_conf", settings.audit_conf);
  record->Add("workers", settings.workers);
  record->Add("threads", settings.threads);
  record->Add("inter_threads", settings.inter_threads);
  record->Add("batch", settings.batch);
  record->Add("warmup", settings.warmup);
  record->Add("trace", settings.trace);
}

void AddOutcome(const Outcome& outcome, JsonObject* record) {
  record->Add("onnxruntime", outcome.onnxruntime);
  record->Add("tensors_made", outcome.on_load ? "on-load" : "stored");
  record->Add("most_at_once", outcome.most_at_once);
  record->Add("sample_count", outcome.sample_count);
  record->Add("answered", outcome.answered);
  record->Add("load_seconds", outcome.load_seconds);
  record->Add("warmup_best_seconds", outcome.warmup.best_seconds);
  record->Add("warmup_samples_per_second", outcome.warmup.samples_per_second);
  record->Add("test_seconds", outcome.test_seconds);
  record->Add("test_cpu_seconds", outcome.test_cpu_seconds);
}

}  // namespace

void WriteRecord(const std::string& path, const Settings& settings, const LoadgenSettings& loadgen,
                 const Outcome& outcome) {
  JsonObject record;
  record.Add("schema", "envmgr.harness/1");
  AddSettings(settings, &record);
  record.Add("performance_sample_count_override", static_cast<size_t>(loadgen.test.performance_sample_count_override));
  record.Add("expected", loadgen.expected);
  record.Add("expected_from", loadgen.measured ? "warm-up" : "user.conf");
  AddOutcome(outcome, &record);
  std::ofstream file(path);
  file << record.Text();
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

}  // namespace harness
