using k8s.Exceptions;
using k8s.KubeConfigModels;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Runner.Engine.Clusters.Connections;

/// <summary>
/// Reads kubeconfig files. KubernetesClient's own reader first looks at every type of the Kubernetes API, in case the file holds one: that takes longer than
/// the rest of the start and keeps tens of megabytes for good.
/// </summary>
internal static class KubeconfigFile
{
    /// <summary>Reads a file; names of other files in it are relative to its folder.</summary>
    /// <exception cref="KubeConfigException">There is no such file.</exception>
    /// <exception cref="YamlDotNet.Core.YamlException">It is not a kubeconfig.</exception>
    public static K8SConfiguration Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new KubeConfigException($"kubeconfig file not found at {file.FullName}");
        }

        // Made anew each time: it is used at the start and when a file changed, and remembers much.
        var yaml = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).IgnoreUnmatchedProperties().Build();
        using var text = file.OpenText();
        var configuration = yaml.Deserialize<K8SConfiguration?>(text) ?? new K8SConfiguration();
        configuration.FileName = file.FullName;
        return configuration;
    }
}
