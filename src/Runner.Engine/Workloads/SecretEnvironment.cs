using System.Security.Cryptography;
using System.Text;
using k8s.Models;
using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads;

/// <summary>
/// Moves what looks secret out of a container's variables into a Secret, so that it stands in no manifest, nor in what a runner, an
/// administrator or a backup reads of one. Pure.
/// </summary>
internal static class SecretEnvironment
{
    /// <summary>Label on such Secrets: the name of the workload they are for.</summary>
    public const string OwnerLabel = "csghub-environment-of";

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
        var secret = all.Where(IsSecret).ToDictionary(variable => variable.Name, variable => Encoding.UTF8.GetBytes(variable.Value));
        if (secret.Count == 0)
        {
            return (all, null);
        }

        var name = $"{workload}-env-{Hash(secret)}";
        return (
            all.ConvertAll(variable => secret.ContainsKey(variable.Name)
                ? new V1EnvVar { Name = variable.Name, ValueFrom = new() { SecretKeyRef = new() { Name = name, Key = variable.Name } } }
                : variable),
            new V1Secret
            {
                ApiVersion = "v1",
                Kind = "Secret",
                Metadata = new() { Name = name, NamespaceProperty = @namespace, Labels = new Dictionary<string, string> { [OwnerLabel] = workload } },
                Type = "Opaque",
                Immutable = true,
                Data = secret,
            });
    }

    // A Secret's keys are narrower than names of variables, which may be nearly anything.
    private static bool IsSecret(V1EnvVar variable) =>
        variable.ValueFrom is null && variable.Value is { Length: > 0 } && Manifest.IsSecret(variable.Name, variable.Value)
        && variable.Name.Length <= 253 && variable.Name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.');

    private static string Hash(Dictionary<string, byte[]> secret)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, value) in secret.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name.Length}:{name}{value.Length}:"));
            hash.AppendData(value);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, HashBytes));
    }
}
