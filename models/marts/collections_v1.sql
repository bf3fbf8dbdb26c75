/*
key = ["collection_id"]
description = "Every collection of the directory."
*/
SELECT
    collection_id,
    collection_source,
    collection_namespace,
    collection_name,
    display_name,
    description
FROM raw.collections
