using System.Globalization;
using System.Text.RegularExpressions;

namespace Runner.Engine.Workloads.ImageBuilds;

/// <summary>Names by which builds and their images are known; part of the wire contract. Pure.</summary>
internal static partial class ImageBuildNames
{
    /// <summary>Value of the scope label that tells builds from other workflows.</summary>
    public const string Scope = "imagebuilder";

    /// <summary>Value of the log label of the build's pods.</summary>
    public const string LogType = "imagebuilder";

    /// <summary>Annotation that holds the facts of the request as JSON, so that a build is known from the cluster alone. Never the token.</summary>
    public const string FactsAnnotation = "work_meta_data";

    /// <summary>Volume claim of Kaniko's cache, one for all builds.</summary>
    public const string CacheClaim = "imagebuilder-pvc-kaniko-cache";

    /// <summary>Container that clones the space and makes the build context.</summary>
    public const string InitContainer = "init-repo";

    private const int MaxPart = 8;
    private const int MaxName = 63;
    private const int MaxCommit = 10;

    /// <summary>Name of the workflow that builds: <c>sib-org-space-deploy-task</c>, a DNS label. The same for the same task, so that a repeated request finds it.</summary>
    public static string Workflow(string org, string space, string deployId, string taskId)
    {
        string[] parts = ["sib", Part(org, MaxPart), Part(space, MaxPart), Clean(deployId), Clean(taskId)];
        var name = string.Join('-', parts);
        return (name.Length > MaxName ? name[..MaxName] : name).TrimEnd('-');
    }

    /// <inheritdoc cref="Workflow(string, string, string, string)"/>
    public static string Workflow(ImageBuildRequest request) =>
        Workflow(request.OrgName, request.SpaceName, request.DeployId, request.TaskId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Name of the image below the registry's base, as the hub is told it: <c>org/space-repo:commit</c>.</summary>
    public static string Image(string org, string space, long repoId, string commit) =>
        string.Create(CultureInfo.InvariantCulture, $"{org.ToLowerInvariant()}/{space.ToLowerInvariant()}-{repoId}:{(commit.Length > MaxCommit ? commit[..MaxCommit] : commit)}");

    /// <summary>Name of the Secret that holds a build's Git token.</summary>
    public static string TokenSecret(string workflow) => $"{workflow}-git";

    private static string Part(string text, int max)
    {
        var clean = Clean(text);
        return clean.Length == 0 ? "default" : clean.Length > max ? clean[..max] : clean;
    }

    private static string Clean(string text) => NotInLabels().Replace(text.ToLowerInvariant(), "-").Trim('-');

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotInLabels();
}
