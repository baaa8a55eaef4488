"""The tables are complete and name nothing that is not there; verdicts are what the bounds say."""

import tomllib
import unittest

import peers
import report
import rounds
import ways

TABLE = rounds.table()
PROBES = tomllib.loads((peers.HERE / "probes.toml").read_text())


class Measures(unittest.TestCase):
    def test_names_are_unique(self):
        names = [line["name"] for line in TABLE["measure"] + TABLE["scale"]]
        self.assertEqual(len(names), len(set(names)))

    def test_every_way_is_used_and_every_measure_has_one(self):
        used = {line["how"] for line in TABLE["measure"] + TABLE["scale"]}
        own = {name for name, value in vars(ways).items() if getattr(value, "__module__", "") == "ways"}
        self.assertEqual(used, {name for name in own if not name.startswith("_")})

    def test_whoever_is_named_can_be_started(self):
        for line in TABLE["measure"]:
            named = [rounds.gate_of(line), *line.get("beside", []), *(b["than"] for b in line["bounds"] if "than" in b)]
            self.assertLessEqual(set(named), set(peers.VARIANTS), line["name"])
        for line in TABLE["scale"]:
            self.assertLessEqual(set(line["peers"]), set(peers.TITLES), line["name"])

    def test_no_variant_is_idle(self):
        named = {b["than"] for line in TABLE["measure"] for b in line["bounds"] if "than" in b}
        named |= {name for line in TABLE["measure"] for name in [rounds.gate_of(line), *line.get("beside", [])]}
        self.assertEqual(named, set(peers.VARIANTS))

    def test_every_measure_has_a_bound_and_no_aim_is_looser_than_what_must_be(self):
        for line in TABLE["measure"]:
            self.assertTrue(line["bounds"], line["name"])
            for bound in line["bounds"]:
                self.assertTrue({"must", "aim"} & set(bound), line["name"])
                self.assertLessEqual(bound.get("aim", 0), bound.get("must", float("inf")), line["name"])


class Probes(unittest.TestCase):
    def test_names_are_unique(self):
        names = [probe["name"] for probe in PROBES["probe"]]
        self.assertEqual(len(names), len(set(names)))

    def test_every_set_of_headers_is_used_and_every_used_one_is_there(self):
        used = {name for probe in PROBES["probe"] for name in probe["headers"]}
        self.assertEqual(used, set(PROBES["headers"]))

    def test_both_customer_keys_and_kms_are_refused_and_allowed_under_both_signatures_where_the_rules_differ(self):
        for encryption in ("sse-c", "sse-kms"):
            for signature in ("v4", "v2"):
                found = [p for p in PROBES["probe"] if {encryption, signature} <= set(p["headers"])]
                self.assertTrue(found, (encryption, signature))
                self.assertTrue(all(probe["http"] == 400 for probe in found))
                over_https = 400 if (encryption, signature) == ("sse-kms", "v2") else 200
                self.assertTrue(all(probe["https"] == over_https for probe in found))


class Verdicts(unittest.TestCase):
    def verdict(self, own, others, **bound):
        result = rounds.Result({"name": "", "unit": ""}, {"obsgate": own, "haproxy": others})
        return report.judge(result, {"than": "haproxy", **bound}).word

    def test_a_figure_is_held_against_the_aim_first_and_then_against_what_must_be(self):
        self.assertEqual(self.verdict([7.0], [10.0], must=0.85, aim=0.75), "aim met")
        self.assertEqual(self.verdict([8.0], [10.0], must=0.85, aim=0.75), "met")
        self.assertEqual(self.verdict([9.0], [10.0], must=0.85, aim=0.75), "missed")
        self.assertEqual(self.verdict([8.0], [10.0], must=0.85), "met")
        self.assertEqual(self.verdict([12.0], [10.0], aim=1.15), "aim missed")
        self.assertEqual(self.verdict([11.0], [10.0], aim=1.15), "aim met")

    def test_a_bound_between_the_rounds_is_said_to_be_within_noise(self):
        self.assertEqual(self.verdict([8.0, 8.2, 9.0], [10.0] * 3, must=0.85), "met, within noise")
        self.assertEqual(self.verdict([8.0, 9.0, 9.1], [10.0] * 3, must=0.85), "missed, within noise")

    def test_a_ratio_is_taken_within_its_round(self):
        self.assertEqual(self.verdict([8.0, 16.0, 80.0], [10.0, 20.0, 100.0], must=0.80), "met")

    def test_a_figure_without_a_peer_is_held_against_the_bound_itself(self):
        result = rounds.Result({"name": "", "unit": "KiB"}, {"obsgate": [6.0]})
        self.assertEqual(report.judge(result, {"must": 7, "aim": 4}).word, "met")


if __name__ == "__main__":
    unittest.main()
