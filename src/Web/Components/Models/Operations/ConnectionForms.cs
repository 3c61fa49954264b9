using Runner.Engine.Configuration;
using Runner.Engine.ObjectStore;
using Runner.Engine.Registry;

namespace Runner.Web.Components.Models.Operations;

/// <summary>What an administrator types to test a registry.</summary>
public sealed class RegistryForm
{
    public string? Address { get; set; }

    public string? UserName { get; set; }

    /// <summary>Secret; empty for the one that is kept.</summary>
    public string Password { get; set; } = "";

    public string? Repository { get; set; }

    public bool PlainHttp { get; set; }

    public bool SkipTlsVerify { get; set; }

    public RegistryTarget Target => new(Address ?? "", UserName ?? "", Password, Repository ?? "", PlainHttp, SkipTlsVerify);

    /// <summary>Begins with what is in force.</summary>
    public static RegistryForm Of(RunnerOptions options)
    {
        var target = RegistryTarget.Of(options);
        return new() { Address = target.Address, PlainHttp = target.PlainHttp, SkipTlsVerify = target.SkipTlsVerify };
    }
}

/// <summary>What an administrator types to test an object store.</summary>
public sealed class ObjectStoreForm
{
    public string? Endpoint { get; set; }

    public string? AccessKeyId { get; set; }

    /// <summary>Secret; empty for the one that is kept.</summary>
    public string AccessKeySecret { get; set; } = "";

    public string? Bucket { get; set; }

    public string? Region { get; set; }

    public bool Tls { get; set; }

    public string BucketLookup { get; set; } = "auto";

    public ObjectStoreTarget Target => new(Endpoint ?? "", AccessKeyId ?? "", AccessKeySecret, Bucket ?? "", Region ?? "", Tls, BucketLookup);

    /// <summary>Begins with what is in force, but for the keys.</summary>
    public static ObjectStoreForm Of(RunnerOptions options)
    {
        var store = options.ObjectStore;
        return new() { Endpoint = store.Endpoint, Bucket = store.Bucket, Region = store.Region, Tls = store.EnableSsl, BucketLookup = store.BucketLookup };
    }
}
