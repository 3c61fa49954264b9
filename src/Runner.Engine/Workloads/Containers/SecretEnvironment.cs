using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using k8s.Models;
using Runner.Engine.Clusters.Api;

namespace Runner.Engine.Workloads.Containers;

/// <summary>
/// Moves what looks secret out of a container's variables into a Secret, so that it stands in no manifest, nor in what a runner, an
/// administrator or a backup reads of one. Pure.
/// </summary>
internal static partial class SecretEnvironment
{
    /// <summary>Label on such Secrets: the name of the workload they are for.</summary>
    public const string OwnerLabel = "csghub-environment-of";

    private const string ManagerLabel = "app.kubernetes.io/managed-by";
    private const string Manager = "csghub-runner";
    private const int HashBytes = 5;

    /// <summary>
    /// Splits variables into those that may be seen and a Secret with the others. The Secret's name tells its content, so that a changed value is
    /// another Secret and reaches the pods as any other change of their template does, and the same request gives the same objects.
    /// </summary>
    /// <param name="variables">In their order, which stays. Those that refer to something already are left alone.</param>
    /// <param name="workload">A name that Kubernetes takes, and as a label too; the Secret's begins with it.</param>
    /// <returns>The variables, and the Secret they refer to; null where nothing is secret.</returns>
    public static (List<V1EnvVar> Variables, V1Secret? Secret) Split(IEnumerable<V1EnvVar> variables, string workload, string @namespace)
    {
        var all = variables.ToList();
        var secret = all.Where(variable => variable.ValueFrom is null && IsSecret(variable.Name, variable.Value)).ToDictionary(variable => KeyOf(variable.Name), variable => variable.Value);
        if (secret.Count == 0)
        {
            return (all, null);
        }

        var name = $"{workload}-env-{Hash(secret)}";
        var made = Secret(name, secret);
        made.Metadata.NamespaceProperty = @namespace;
        made.Metadata.Labels[OwnerLabel] = workload;
        made.Immutable = true;
        return (all.ConvertAll(variable => variable.ValueFrom is null && IsSecret(variable.Name, variable.Value) ? Reference(variable.Name, name, KeyOf(variable.Name)) : variable), made);
    }

    /// <summary>True for a variable whose value must stand in no manifest.</summary>
    public static bool IsSecret(string name, string? value) => value is { Length: > 0 } && Manifest.IsSecret(name, value);

    /// <summary>Under which key of a Secret a variable is kept: its name, or that in hexadecimal, because keys are narrower than names of variables.</summary>
    public static string KeyOf(string variable) => Key().IsMatch(variable) ? variable : Convert.ToHexStringLower(Encoding.UTF8.GetBytes(variable));

    /// <summary>A variable that takes its value from a Secret.</summary>
    public static V1EnvVar Reference(string variable, string secret, string key) =>
        new() { Name = variable, ValueFrom = new() { SecretKeyRef = new() { Name = secret, Key = key } } };

    /// <summary>A Secret of the runner's.</summary>
    public static V1Secret Secret(string name, IReadOnlyDictionary<string, string> values) => new()
    {
        ApiVersion = "v1",
        Kind = "Secret",
        Metadata = new() { Name = name, Labels = new Dictionary<string, string> { [ManagerLabel] = Manager } },
        Type = "Opaque",
        Data = values.ToDictionary(entry => entry.Key, entry => Encoding.UTF8.GetBytes(entry.Value)),
    };

    /// <summary>True for what <see cref="Secret"/> made.</summary>
    public static bool IsManaged(V1ObjectMeta metadata) => metadata.Labels?.TryGetValue(ManagerLabel, out var manager) == true && manager == Manager;

    private static string Hash(Dictionary<string, string> secret)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, value) in secret.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name.Length}:{name}{value.Length}:{value}"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, HashBytes));
    }

    [GeneratedRegex("^[-._a-zA-Z0-9]{1,200}\\z")]
    private static partial Regex Key();
}
