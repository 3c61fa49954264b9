using System.Net;
using Runner.Engine.Configuration;

namespace Runner.Engine.ObjectStore;

/// <summary>What an object-store test is to reach, and as whom.</summary>
/// <param name="Endpoint">Host and port; a scheme in front decides over <paramref name="Tls"/>.</param>
/// <param name="AccessKeySecret">Secret.</param>
/// <param name="BucketLookup"><c>auto</c>, <c>dns</c> (the bucket in the host name) or <c>path</c>.</param>
public sealed record ObjectStoreTarget(string Endpoint, string AccessKeyId, string AccessKeySecret, string Bucket, string Region, bool Tls, string BucketLookup)
{
    // Where the bucket belongs in the host name unless something else is said, as the workloads' clients have it.
    private static readonly string[] VirtualHosts = ["amazonaws.com", "amazonaws.com.cn", "aliyuncs.com", "storage.googleapis.com"];

    /// <summary>What the settings say.</summary>
    public static ObjectStoreTarget Of(ObjectStoreOptions options) =>
        new(options.Endpoint, options.AccessKeyId, options.AccessKeySecret, options.Bucket, options.Region, options.EnableSsl, options.BucketLookup);

    /// <summary>Without the keys.</summary>
    public override string ToString() => $"{Endpoint}/{Bucket}";

    /// <summary>Address of the API; null for what is no address.</summary>
    internal Uri? Address
    {
        get
        {
            var text = Endpoint.Trim();
            return text.Length > 0
                && Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : $"{(Tls ? "https" : "http")}://{text}", UriKind.Absolute, out var address)
                && address is { Scheme: "http" or "https", Host.Length: > 0, UserInfo.Length: 0 } ? address : null;
        }
    }

    /// <summary>Whether the bucket goes into the path.</summary>
    internal bool UsesPath => BucketLookup switch
    {
        "path" => true,
        "dns" => false,
        _ => Address is not { } address || !VirtualHosts.Any(host => address.Host == host || address.Host.EndsWith("." + host, StringComparison.OrdinalIgnoreCase)),
    };

    /// <summary>Whether the endpoint is a number, before which no bucket can stand.</summary>
    internal bool IsNumeric => Address is { } address && IPAddress.TryParse(address.DnsSafeHost, out _);
}
