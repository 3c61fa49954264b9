using Runner.Engine.Configuration;

namespace Runner.Engine.Probes;

/// <summary>Where a setting in force comes from.</summary>
public enum SettingOrigin
{
    /// <summary>A variable of the process; the chart sets it from its values.</summary>
    Environment,

    /// <summary>The pull secret in the workload namespace.</summary>
    Secret,

    /// <summary>Nobody set it; this is what holds then.</summary>
    Default,
}

/// <summary>A setting as it is in force.</summary>
/// <param name="Id">Its name in the texts of the pages.</param>
/// <param name="Value">Empty where nothing is set; of a secret only stars, whatever its length.</param>
/// <param name="Variable">Variable of the environment, or <c>namespace/name</c> of the Secret it is kept in.</param>
/// <param name="ValuesKey">Key of the chart's values by which it is changed for good.</param>
public sealed record ConnectionSetting(string Id, string Value, SettingOrigin Origin, string Variable, string ValuesKey);

/// <summary>The settings of registry and object store with where each comes from. Pure; holds no secret.</summary>
public static class ConnectionSettings
{
    private const string Stars = "••••••••";

    public static IReadOnlyList<ConnectionSetting> Registry(RunnerOptions options)
    {
        var rows = new List<ConnectionSetting>
        {
            Row(options, "Address", options.Services.BuildRegistry, "STARHUB_SERVER_DOCKER_REG_BASE", "registry.registry, registry.repository"),
            Row(options, "Insecure", string.Join(' ', options.ImageBuilds.KanikoArguments), "STARHUB_SERVER_RUNNER_IMAGE_BUILDER_KANIKO_ARGS", "registry.insecure"),
            Row(options, "PullSecret", options.Services.ImagePullSecret, "STARHUB_SERVER_DOCKER_IMAGE_PULL_SECRET", "registry.*"),
        };
        if (options.Services.ImagePullSecret is { Length: > 0 } secret)
        {
            rows.Add(new("Credentials", Stars, SettingOrigin.Secret, $"{options.WorkloadNamespace}/{secret}", "registry.username, registry.password"));
        }

        rows.Add(Row(options, "ModelRegistry", options.Services.ModelRegistry, "STARHUB_SERVER_MODEL_DOCKER_REG_BASE", "model.dockerRegBase"));
        rows.Add(Row(options, "PublicRegistry", options.Services.PublicRegistry, "STARHUB_SERVER_RUNNER_PUBLIC_DOCKER_REG_BASE", "global.image.registry"));
        return rows;
    }

    public static IReadOnlyList<ConnectionSetting> ObjectStore(RunnerOptions options)
    {
        var store = options.ObjectStore;
        return
        [
            Row(options, "Endpoint", store.Endpoint, "STARHUB_SERVER_S3_ENDPOINT", "objectStore.endpoint"),
            Row(options, "Tls", store.EnableSsl ? "true" : "false", "STARHUB_SERVER_S3_ENABLE_SSL", "objectStore.secure"),
            Row(options, "AccessKey", store.AccessKeyId.Length > 0 ? Stars : "", "STARHUB_SERVER_S3_ACCESS_KEY_ID", "objectStore.accessKey"),
            Row(options, "SecretKey", store.AccessKeySecret.Length > 0 ? Stars : "", "STARHUB_SERVER_S3_ACCESS_KEY_SECRET", "objectStore.secretKey"),
            Row(options, "Bucket", store.Bucket, "STARHUB_SERVER_S3_BUCKET", "objectStore.bucket"),
            Row(options, "Region", store.Region, "STARHUB_SERVER_S3_REGION", "objectStore.region"),
            Row(options, "Lookup", store.BucketLookup, "STARHUB_SERVER_S3_BUCKET_LOOKUP", "objectStore.pathStyle"),
        ];
    }

    private static ConnectionSetting Row(RunnerOptions options, string id, string value, string variable, string key) =>
        new(id, value, options.Variables.Values.ContainsKey(variable) ? SettingOrigin.Environment : SettingOrigin.Default, variable, key);
}
