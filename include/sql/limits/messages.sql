-- Messages of the last 12 months that Campaign tried to deliver, on any channel; part of other statements.
--
-- Grain     one row per delivery log
-- In        -
-- Out       recipient_id. Left out: id 0 (seed addresses have no recipient), proofs, models, and what was never sent:
--           status 0 ignored, 6 pending, 7 cancelled, and failures that are exclusions at preparation: 7 no address,
--           9 quarantine, 10 duplicate, 11 SQL rule, 12 arbitration, 14 quality, 15 unqualified, 16 no offer, 17 size,
--           127 control group. Logs of deliveries that were deleted later do count: the message was sent.
-- Re-run    reads only
SELECT b.irecipientid AS recipient_id
FROM nmsbroadlogrcp AS b
LEFT JOIN nmsdelivery AS d ON b.ideliveryid = d.ideliveryid
LEFT JOIN nmsbroadlogmsg AS m ON b.imsgid = m.ibroadlogmsgid
WHERE
    b.tsevent >= now() - interval '12 months'
    AND b.irecipientid <> 0
    AND b.istatus NOT IN (0, 6, 7)
    AND coalesce(d.ifcp, 0) = 0
    AND coalesce(d.iismodel, 0) = 0
    AND NOT (b.istatus = 2 AND coalesce(m.ifailurereason, 0) IN (7, 9, 10, 11, 12, 14, 15, 16, 17, 127))
