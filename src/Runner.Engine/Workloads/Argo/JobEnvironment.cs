using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;

namespace Runner.Engine.Workloads.Argo;

/// <summary>
/// Collects the environment of a job's containers. What is secret goes into a Secret of the job, which goes with the job, and reaches the container by
/// reference, so that it is in no manifest. Later settings replace earlier ones.
/// </summary>
/// <param name="task">The job's Secret is named after it.</param>
internal sealed class JobEnvironment(string task)
{
    /// <summary>Secret with the keys of the object store, one a namespace.</summary>
    public const string ObjectStoreSecret = "csghub-object-store";

    private const string AccessIdVariable = "S3_ACCESS_ID";
    private const string AccessSecretVariable = "S3_ACCESS_SECRET";

    private readonly SortedDictionary<string, string> _secrets = new(StringComparer.Ordinal);

    /// <summary>The job's own Secret, null when nothing of it is secret.</summary>
    public V1Secret? Secret
    {
        get
        {
            if (_secrets.Count == 0)
            {
                return null;
            }

            var secret = SecretEnvironment.Secret(SecretOf(task), _secrets);
            secret.Metadata.Labels[ArgoNames.UnclaimedLabel] = task;
            return secret;
        }
    }

    public static string SecretOf(string task) => task + "-env";

    /// <summary>The keys of the object store as a Secret; null when none are configured.</summary>
    public static V1Secret? ObjectStore(ObjectStoreOptions options) => options.AccessKeyId.Length == 0 && options.AccessKeySecret.Length == 0
        ? null
        : SecretEnvironment.Secret(ObjectStoreSecret, new Dictionary<string, string> { [AccessIdVariable] = options.AccessKeyId, [AccessSecretVariable] = options.AccessKeySecret });

    /// <summary>The environment of one container, in the order of names.</summary>
    /// <param name="index">Tells the containers of a job apart.</param>
    /// <param name="requested">As the hub asks for it.</param>
    /// <param name="secrets">Beside these, what is secret whatever it is called.</param>
    /// <param name="plain">Settings of the runner; they replace requested ones of the same name.</param>
    public List<V1EnvVar> Of(int index, IReadOnlyDictionary<string, string>? requested, IReadOnlyDictionary<string, string> secrets, IEnumerable<V1EnvVar> plain)
    {
        var variables = new SortedDictionary<string, V1EnvVar>(StringComparer.Ordinal);
        foreach (var (name, value) in requested ?? new Dictionary<string, string>())
        {
            variables[name] = SecretEnvironment.IsSecret(name, value) ? Hidden(index, name, value) : new() { Name = name, Value = value ?? "" };
        }

        foreach (var (name, value) in secrets)
        {
            variables[name] = Hidden(index, name, value);
        }

        foreach (var variable in plain)
        {
            variables[variable.Name] = variable;
        }

        return [.. variables.Values];
    }

    /// <summary>What a job needs to write to the object store.</summary>
    public static IEnumerable<V1EnvVar> ObjectStoreVariables(RunnerOptions options)
    {
        var store = options.ObjectStore;
        var hasKeys = ObjectStore(store) is not null;
        foreach (var name in new[] { AccessIdVariable, AccessSecretVariable })
        {
            yield return hasKeys ? SecretEnvironment.Reference(name, ObjectStoreSecret, name) : new() { Name = name, Value = "" };
        }

        yield return new() { Name = "S3_BUCKET", Value = options.Workflows.PublicBucket };
        yield return new() { Name = "S3_ENDPOINT", Value = store.Endpoint };
        yield return new() { Name = "S3_SSL_ENABLED", Value = store.EnableSsl ? "true" : "false" };
    }

    /// <summary>What hides accelerators that were not asked for.</summary>
    public static IEnumerable<V1EnvVar> HiddenAccelerators(ResourceRules resources) =>
        resources.HiddenAccelerators.Select(hidden => new V1EnvVar { Name = hidden.Name, Value = hidden.Value });

    /// <summary>Names that no container can have.</summary>
    public static bool AreNames(IEnumerable<string> names) => names.All(name => name.Length > 0 && name.All(character => character is >= ' ' and <= '~' and not '='));

    private V1EnvVar Hidden(int index, string name, string value)
    {
        var key = $"{index}.{SecretEnvironment.KeyOf(name)}";
        _secrets[key] = value;
        return SecretEnvironment.Reference(name, SecretOf(task), key);
    }
}
