#include "tensor/cores.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

namespace banel {

namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The least that a group grants or one of those around it; `below` is the group's path below `mount`.
int least_of_groups(const std::string& mount, std::string below, bool one_file, int cores) {
  if (below == "/") below.clear();
  for (;;) {
    const std::string group = mount + below;
    const std::string quota =
        one_file ? first_line(group + "/cpu.max")
                 : first_line(group + "/cpu.cfs_quota_us") + ' ' + first_line(group + "/cpu.cfs_period_us");
    cores = std::min(cores, granted_cores(quota).value_or(cores));
    const std::size_t last = below.rfind('/');
    if (last == below.npos) return cores;
    below.resize(last);
  }
}

}  // namespace

std::optional<int> granted_cores(const std::string& quota) {
  std::istringstream text(quota);
  double used = 0, period = 0;
  if (!(text >> used >> period) || used <= 0 || period <= 0) return {};
  return static_cast<int>(std::min(std::ceil(used / period), 1e6));
}

int usable_cores() {
  int cores = std::min(omp_get_num_procs(), omp_get_max_threads());
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "4:cpu,cpuacct:/job", or "0::/job" in version 2
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (controllers.empty())
      cores = least_of_groups("/sys/fs/cgroup", line.substr(second + 1), true, cores);
    else if ((',' + controllers + ',').find(",cpu,") != line.npos)
      cores = least_of_groups("/sys/fs/cgroup/" + controllers, line.substr(second + 1), false, cores);
  }
  return std::max(cores, 1);
}

}  // namespace banel
