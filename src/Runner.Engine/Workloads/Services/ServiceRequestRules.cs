using System.Globalization;
using System.Text.RegularExpressions;
using Runner.Engine.Configuration;

namespace Runner.Engine.Workloads.Services;

/// <summary>What a request to run a service must fulfil before anything is made of it. No sentence repeats a value of the environment but the port.</summary>
internal static partial class ServiceRequestRules
{
    private const string PortName = "port";

    /// <summary>More hosts than this do not work as one.</summary>
    private const int MostHosts = 1000;

    /// <summary>True for the name of an image, with or without registry, tag and digest.</summary>
    public static bool IsImage(string image) => image.Length <= 512 && ImagePattern().IsMatch(image);

    /// <summary>True when an instance spans several hosts.</summary>
    public static bool IsMultiHost(ServiceRequest request) => request.Hardware is { Replicas: > 1 };

    /// <summary>Every rule that is broken, a sentence each.</summary>
    public static List<string> Check(string name, ServiceRequest request)
    {
        var problems = new List<string>();
        void Require(bool rule, string problem)
        {
            if (!rule)
            {
                problems.Add(problem);
            }
        }

        Require(
            Naming.IsServiceName(name),
            "the name of a service must be at most 63 of a-z, 0-9 and -, begin with a letter and not end with -");
        Require(request.ImageId.Length > 0, "image_id is required");
        Require(
            request.ImageId.Length == 0 || IsImage(request.ImageId),
            $"image_id must be the name of an image such as registry.example.com/team/image:tag, but is '{ResourceRules.Shown(request.ImageId)}'");
        Require(request.DeployId != 0, "deploy_id is required and must not be 0");
        Require(request.MinReplica >= 0 && request.MaxReplica >= 0, "min_replica and max_replica must not be negative");
        Require(request.MaxReplica == 0 || request.MinReplica <= request.MaxReplica || request.RepoType != "model", "min_replica must not be more than max_replica");
        Require(request.Disaggregation is not { Enabled: true }, "pd.enabled: prefill and decode on separate instances are not supported");
        Require(request.Hardware is not { Replicas: < 0 or > MostHosts }, $"hardware.replicas must be a number of hosts from 0 to {MostHosts}");
        if (IsMultiHost(request))
        {
            Require(request.RepoType == "model" && request.DeployType is 1 or 3, "hardware.replicas: only inference of a model can span several hosts; ask for 1");
            Require(request.MinReplica > 0, "min_replica must be at least 1 where an instance spans several hosts, because no request wakes it up");
        }

        Require(request.Env?.Keys.All(IsVariableName) != false, "env: a variable's name must be printable ASCII without =, and not be empty");
        Require(request.Annotation?.Keys.All(Naming.IsQualifiedName) != false, "annotation: a key must be letters, digits, -, _ and ., with or without a DNS name and / before it");
        CheckPort(request, problems);
        return problems;
    }

    /// <summary>The port the container listens on; 0 when it is not valid.</summary>
    public static int Port(ServiceRequest request) =>
        request.Env is { } env && env.TryGetValue(PortName, out var text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65_535
            ? port
            : 0;

    private static void CheckPort(ServiceRequest request, List<string> problems)
    {
        if (request.Env?.ContainsKey(PortName) != true)
        {
            problems.Add("env.port is required: the port on which the container listens");
        }
        else if (Port(request) == 0)
        {
            problems.Add($"env.port must be a number from 1 to 65535, but is '{ResourceRules.Shown(request.Env[PortName])}'");
        }
    }

    // Host and port, a path in lower case, tag, digest.
    [GeneratedRegex("^([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[a-f0-9]{64})?\\z")]
    private static partial Regex ImagePattern();

    /// <summary>True for a name that a kubelet may let in as a variable's.</summary>
    public static bool IsVariableName(string name) => name.Length > 0 && name.All(character => character is >= ' ' and <= '~' and not '=');
}
