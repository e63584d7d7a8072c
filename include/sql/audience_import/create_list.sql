-- Create the list if it is missing: a static group (type 0), the kind whose members are in NmsRcpGrpRel.
--
-- Grain     one group
-- In        {sequence_name}, :name, :label, :folder_id
-- Out       its id
-- Re-run    the caller looks for it first
INSERT INTO nmsgroup (igroupid, sname, slabel, ifolderid, itype, sschema)
VALUES (nextval({sequence_name}::regclass), {name}, {label}, {folder_id}, 0, 'nms:recipient')
RETURNING igroupid;
