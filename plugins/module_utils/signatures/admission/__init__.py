# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The signature policy as the cluster enforces it: rendered for its admission controller, and what that one will say.

policy_controller.render(policy, target) -> Rendered     sigstore policy-controller: ClusterImagePolicy
kyverno.render(policy, target) -> Rendered               Kyverno: ImageValidatingPolicy
forecast.forecast(verdict, policy, target, controller) -> Forecast
wanted.enforcement_of(context, ...)                    what a profile has its cluster enforce
app_admission.CAPABILITY                               the objects applied, kept and removed
"""
