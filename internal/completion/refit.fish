# Completions of refit for fish: refit completion fish | source

function __refit_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l current (commandline -ct)
    for line in ($program __complete -- $words "$current" 2>/dev/null)
        switch $line
            case :files
                __refit_paths __fish_complete_path "$current"
            case :dirs
                __refit_paths __fish_complete_directories "$current"
            case :builds
                __refit_paths __refit_builds "$current"
            case ':*'
            case '*'
                echo $line
        end
    end
end

# Directories, and files whose names say that they are Dockerfiles, compose or bake
# files; where there are none, all files, for a Dockerfile may have any name.
function __refit_builds
    set -l all (__fish_complete_path $argv)
    set -l found (string match -r '^(?:[^\t]*/|(?:[^\t]*/)?(?![^\t]*\.dockerignore(?:\t|$))(?:[Dd]ockerfile[^/\t]*|Containerfile[^/\t]*|[^/\t]*\.[Dd]ockerfile|[^/\t]*compose[^/\t]*\.ya?ml|docker-bake[^/\t]*\.(?:hcl|json)))(?:\t.*)?$' -- $all)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        printf '%s\n' $all
    end
end

# Paths are completed behind the = of a flag too.
function __refit_paths -a complete current
    set -l flag (string match -r '^--[^=]*=' -- $current; or echo)
    for path in ($complete (string replace -r '^--[^=]*=' '' -- $current))
        echo $flag$path
    end
end

complete -c refit -f -a '(__refit_complete)'
