using System.Globalization;
using System.Text.RegularExpressions;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;

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

    /// <summary>Every rule that a request to run breaks, a sentence each.</summary>
    public static List<string> Check(string name, ServiceRequest request)
    {
        var problems = new List<string>();
        Require(
            problems,
            Naming.IsServiceName(name),
            "the name of a service must be at most 63 of a-z, 0-9 and -, begin with a letter and not end with -");
        CheckImage(problems, request.ImageId);
        Require(problems, request.DeployId != 0, "deploy_id is required and must not be 0");
        CheckReplicas(problems, request.MinReplica, request.MaxReplica, request.RepoType == "model");
        Require(problems, request.Disaggregation is not { Enabled: true }, "pd.enabled: prefill and decode on separate instances are not supported");
        Require(problems, request.Hardware is not { Replicas: < 0 or > MostHosts }, $"hardware.replicas must be a number of hosts from 0 to {MostHosts}");
        if (IsMultiHost(request))
        {
            Require(problems, request.RepoType == "model" && request.DeployType is 1 or 3, "hardware.replicas: only inference of a model can span several hosts; ask for 1");
            Require(problems, request.MinReplica > 0, "min_replica must be at least 1 where an instance spans several hosts, because no request wakes it up");
        }

        Require(problems, request.Annotation?.Keys.All(Naming.IsQualifiedName) != false, "annotation: a key must be letters, digits, -, _ and ., with or without a DNS name and / before it");
        Require(problems, request.Env?.ContainsKey(PortName) == true, "env.port is required: the port on which the container listens");
        CheckEnvironment(problems, request.Env);
        return problems;
    }

    /// <summary>Every rule that a request to update breaks, a sentence each.</summary>
    public static List<string> Check(ServiceUpdateRequest request)
    {
        var problems = new List<string>();
        CheckImage(problems, request.ImageId);
        CheckReplicas(problems, request.MinReplica, request.MaxReplica, isScaled: true);
        Require(problems, request.Hardware is not { Replicas: > 1 }, "hardware.replicas: a service on one host cannot be spread over several; run it anew");
        CheckEnvironment(problems, request.Env);
        return problems;
    }

    /// <summary>The port the container listens on; 0 when it is not valid.</summary>
    public static int Port(IReadOnlyDictionary<string, string>? env) =>
        env is not null && env.TryGetValue(PortName, out var text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65_535
            ? port
            : 0;

    private static void CheckImage(List<string> problems, string image)
    {
        Require(problems, image.Length > 0, "image_id is required");
        Require(
            problems,
            image.Length == 0 || IsImage(image),
            $"image_id must be the name of an image such as registry.example.com/team/image:tag, but is '{ResourceRules.Shown(image)}'");
    }

    private static void CheckReplicas(List<string> problems, int min, int max, bool isScaled)
    {
        Require(problems, min >= 0 && max >= 0, "min_replica and max_replica must not be negative");
        Require(problems, max == 0 || min <= max || !isScaled, "min_replica must not be more than max_replica");
    }

    private static void CheckEnvironment(List<string> problems, Dictionary<string, string>? env)
    {
        Require(problems, env?.Keys.All(IsVariableName) != false, "env: a variable's name must be printable ASCII without =, and not be empty");
        if (env?.ContainsKey(PortName) == true && Port(env) == 0)
        {
            // Not quoted, as no value of the environment is.
            problems.Add("env.port must be a number from 1 to 65535, but is something else");
        }
    }

    private static void Require(List<string> problems, bool rule, string problem)
    {
        if (!rule)
        {
            problems.Add(problem);
        }
    }

    // Host and port, a path in lower case, tag, digest.
    [GeneratedRegex("^([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[a-f0-9]{64})?\\z")]
    private static partial Regex ImagePattern();

    /// <summary>True for a name that a kubelet may let in as a variable's.</summary>
    public static bool IsVariableName(string name) => name.Length > 0 && name.All(character => character is >= ' ' and <= '~' and not '=');
}
