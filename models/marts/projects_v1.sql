/*
key = ["project_id"]
description = "Every project of the directory."

[[checks]]
unique = ["project_source", "project_namespace", "project_name"]
*/
SELECT
    project_id,
    project_source,
    project_namespace,
    project_name,
    display_name,
    description
FROM raw.projects
