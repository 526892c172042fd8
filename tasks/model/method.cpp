#include "tasks/model/method.h"

#include <algorithm>
#include <limits>

#include "tasks/base/words.h"
#include "tensor/check.h"

namespace banel {

namespace {

constexpr int most = 10'000'000;

// A field of Method as a setting: visit(setting, field) for each, stated once.
template <class M, class Visit>
void visit_settings(M& m, Visit visit) {
  auto& s = m.settings;
  visit(Setting("budget", 1, most, 7500, "evaluations in all (NRE); without an oracle: attempts"), s.budget);
  visit(Setting("m", 1, most, 250, "attempts a round"), s.m);
  visit(Setting(
            "early_abort", 0, most, 0,
            "evaluations at the beginning of a round; if none is rewarded, the other attempts are taken for "
            "failures and cost nothing; 0: all are evaluated"),
        s.early_abort);
  visit(Setting("n", 1, most, 2000, "proposals kept a round"), s.n);
  visit(Setting("f", 1.0, 1000.0, 4.0, "filter factor: f n proposals are drawn and n kept"), s.f);
  visit(Setting("kappa", 0.0, 10.0, 1.0, "exponent of the failure model in the ratio"), s.kappa);
  visit(Setting("phi_epochs", 0, 10'000, 30, "passes of the failure model over the failures"), s.phi.epochs);
  visit(Setting("phi_rate", 1e-8, 1.0, 1e-3, "learning rate of the failure model"), s.phi.rate);
  visit(Setting("phi_batch", 1, 65'536, 64, "strings per step of the failure model"), s.phi.batch);
  visit(Setting("theta_epochs", 0, 10'000, 4, "passes of the attacker over the kept proposals"),
        s.theta.epochs);
  visit(Setting("theta_rate", 1e-8, 1.0, 1e-3, "learning rate of the attacker"), s.theta.rate);
  visit(Setting("theta_batch", 1, 65'536, 64, "strings per step of the attacker"), s.theta.batch);
  visit(
      Setting("patience", 0.0, 1000.0, 0.0,
              "how far the rewards since the best attacker may fall short of its own before theta rolls back "
              "to it; 0: theta never rolls back",
              "standard deviations"),
      s.patience);
  visit(Setting("restart", 0, most, 0,
                "rounds without a better attacker before theta restarts from the prior; 0: it never does"),
        s.restart);
  visit(Setting("scout", 0, most, 0, "evaluations at the beginning that go to scouts; 0: none"), s.scout);
  visit(Setting("kl", 0.0, 1000.0, 0.1, "weight of the KL penalty to the prior",
                "standard deviations of the bonus"),
        s.kl);
  visit(Setting("novelty_order", 0, 100, 4, "characters that the density model looks back"), m.novelty.order);
  visit(Setting("novelty_c", 1e-6, 1e6, 0.1, "scale of the prediction gain"), m.novelty.c);
  visit(Setting("novelty_epochs", 0, 10'000, 1, "passes of the predictor over a round's failures"),
        m.novelty.epochs);
  visit(Setting("novelty_rate", 1e-8, 1.0, 1e-3, "learning rate of the predictor"), m.novelty.rate);
  visit(Setting("pool", 1, most, 8000, "strings that the prior writes once and all draws are taken from"),
        m.pool);
  visit(Setting("temperature", 1e-3, 1e3, 1.0, "of all sampling"), m.temperature);
}

// Calls use(setting, field) for the field of a key.
template <class M, class Use>
void with_setting(M& m, const std::string& key, Use use) {
  visit_settings(m, [&](const Setting& setting, auto& field) {
    if (setting.key == key) use(setting, field);
  });
}

const std::string& screen_sentence() {
  static const std::string text =
      "what is neither submitted nor kept: none; known (what needs no prior knowledge: invalid strings and "
      "repetitions); or the name of one more screen of the task";
  return text;
}

Setting screen_setting(const Method& m) { return {"screen", {}, m.screen, screen_sentence()}; }

}  // namespace

const std::vector<Setting>& method_settings() {
  static const std::vector<Setting> all = [] {
    std::vector<Setting> settings;
    Method none;
    visit_settings(none, [&](const Setting& s, auto&) { settings.push_back(s); });
    settings.push_back(screen_setting(none));
    return settings;
  }();
  return all;
}

std::vector<Setting> settings_of(const Method& m) {
  std::vector<Setting> settings;
  for (const std::string& key : m.uses) {
    if (key == "screen") settings.push_back(screen_setting(m));
    with_setting(m, key, [&](Setting setting, const auto& field) {
      setting.value = Value(field);
      settings.push_back(std::move(setting));
    });
  }
  return settings;
}

Values values_of(const Method& m) {
  Values values;
  for (const Setting& s : settings_of(m)) values.emplace(s.key, s.value);
  return values;
}

void set(Method& m, const std::string& key, const Value& value) {
  std::vector<std::string> known;
  for (const Setting& s : method_settings()) known.push_back(s.key);
  const bool exists = std::find(known.begin(), known.end(), key) != known.end();
  ENSURE(exists, "setting",
         in_quotes(key) << " does not exist" << did_you_mean(key, known) << "; `banel methods " << m.name
                        << "` lists the settings");
  ENSURE(std::find(m.uses.begin(), m.uses.end(), key) != m.uses.end(), "setting",
         key << " has no effect on " << m.name << "; `banel methods " << m.name << "` lists its settings");
  if (key == "screen") m.screen = value.text();
  with_setting(m, key, [&](const Setting& setting, auto& field) {
    setting.check(value);
    field = static_cast<std::remove_reference_t<decltype(field)>>(value.number());
  });
  if (m.one_round) m.settings.m = static_cast<std::size_t>(m.settings.budget);
}

void set(Method& m, const Values& values) {
  for (const auto& [key, value] : values) set(m, key, value);
}

Method variant(std::string name, const Method& base, const Values& values) {
  Method m = base;
  set(m, values);
  m.name = std::move(name);
  return m;
}

}  // namespace banel
