* Survey files written by PSPP; run in this folder: pspp generate.sps. Simulated answers.
DATA LIST LIST NOTABLE /person (A4) q1 (F1.0) q2 (F2.0) score (F8.2).
BEGIN DATA
"p1" 1 2 0.5
"p2" 5 9 12.25
"p3" . 4 3
END DATA.
VALUE LABELS q1 1 'low' 5 'high'.
MISSING VALUES q2 (9) person ('p3').
SAVE OUTFILE='pspp.sav'.
SAVE TRANSLATE /OUTFILE='pspp.csv' /TYPE=CSV /FIELDNAMES /CELLS=VALUES /REPLACE.
