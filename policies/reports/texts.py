"""The report's fixed words: what no machine checks, and what its words mean."""

from __future__ import annotations

UNQUOTED = "The published sentences are not part of this report: it names them by digest, and `kept policy digest` prints those of a text."
"""Left out of a report that quotes them."""

LIMITS = (
    "A promise marked (attested) rests on a person's signed statement alone; no machine has looked.",
    "A proof marked planned does not exist yet; its promise is not proven, however good the rest looks.",
    "Controls see what the clouds, the database and the key store answer at the moment they are asked. Between two runs nobody looked.",
    "A record's time is that of the machine that wrote it. The order of the records and their content cannot be changed unseen afterwards.",
    "A log cut off after the newest checkpoint that somebody else holds is noticed by its age alone. Keep copies of checkpoints elsewhere.",
    UNQUOTED,
    "Whether a sentence of the policy meets a law or a standard is a question for counsel, not for this report.",
)

GLOSSARY = (
    ("promise", "one obligation of the published policy, with its figures"),
    ("clause", "a sentence of the policy, or a part of one, known by the SHA-256 of its normalised words"),
    ("proof", "what must hold for a promise to count as kept: a control on a surface, with an age beyond which it proves nothing"),
    (
        "surface",
        "plan (what the program would create), live (what the systems answer), job (a scheduled job's result), attest (a signed statement)",
    ),
    ("control", "a small named check; one run of it looks at its whole population and leaves one signed record"),
    ("population", "how many subjects a run looked at; a run over nobody proves nothing"),
    ("kept", "every proof passed, recently enough, for every subject"),
    ("at risk", "every proof passed, but a figure is close to its limit or a proof close to the end of its life"),
    ("not proven", "nothing failed, but a proof is missing, too old, planned, or could not look; this is never counted as kept"),
    ("excepted", "broken, with a signed exception in force for exactly the subjects that failed"),
    ("broken", "a proof failed for at least one subject"),
    ("record", "one signed entry of the evidence log, known by its number; records/000000000042 in the exported log is record 42"),
    ("checkpoint", "the log's signed size and root digest: whoever holds one can tell whether anything before it was changed"),
)
