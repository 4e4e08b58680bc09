# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said about an image, once it is known who said it: where it was built, what is in it, what is known against it.

Pure: statements whose signature others have verified go in, one answer for each thing that is owed comes out.

    schema.ATTESTATIONS, schema.owed_from(data, now, where) -> {Path: Owed}       the policy's block, and the rules of it
    knowledge.knowledge_for(rule, now, read) -> Knowledge                         KEV and EPSS, from the files a rule names
    judge.judge(attestations: [Verified], owed, context) -> (Checked, ...)        one answer for each rule of `owed`
    judge.check(statement, rule, context) -> Checked                              one statement against one rule
    judge.check_report(report, rule, context) -> Checked                          the same gate for another source (ECR)
    summary.summary_of(...) -> bytes                                              our verdict as a statement, to be signed
"""
