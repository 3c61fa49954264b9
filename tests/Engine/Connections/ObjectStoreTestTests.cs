using System.Net;
using Runner.Engine.ObjectStore;
using Runner.Engine.Probes;

namespace Runner.Tests.Engine.Connections;

/// <summary>The object-store test against a real S3 server, each fault by its name.</summary>
public sealed class ObjectStoreTestTests
{
    private const string Bucket = "csghub-test";

    [Fact]
    public async Task Right_settings_pass_every_step_and_leave_nothing_behind()
    {
        await using var store = await OutsideServer.ObjectStoreAsync(Bucket);

        var steps = await RunAsync(Target(store));

        Assert.All(steps, step => Assert.True(step.Outcome is ProbeOutcome.Passed or ProbeOutcome.NotNeeded, $"{step.Id}: {step.Fault} {step.Evidence}"));
        Assert.Equal(ProbeStepId.Delete, steps[^1].Id);
        Assert.DoesNotContain(Directory.EnumerateFiles(store.Folder, "*", SearchOption.AllDirectories), file => file.Contains("probe", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unknown_access_key_a_missing_bucket_and_a_wrong_style_are_told_apart()
    {
        await using var store = await OutsideServer.ObjectStoreAsync(Bucket);

        var key = await RunAsync(Target(store) with { AccessKeyId = "NOBODY" });
        var bucket = await RunAsync(Target(store) with { Bucket = "another" });
        var style = await RunAsync(Target(store) with { BucketLookup = "dns" });
        var tls = await RunAsync(Target(store) with { Tls = true });

        Assert.Equal((ProbeOutcome.Failed, ProbeFault.AccessKeyUnknown), Verdict(key, ProbeStepId.Signature));
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.BucketMissing), Verdict(bucket, ProbeStepId.Bucket));
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.PathStyleNeeded), Verdict(style, ProbeStepId.Style));
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.SpeaksHttp), Verdict(tls, ProbeStepId.Tls));
    }

    // The server above does not check signatures of version 4, nor regions.
    [Theory]
    [InlineData("SignatureDoesNotMatch", ProbeFault.SecretWrong)]
    [InlineData("RequestTimeTooSkewed", ProbeFault.ClockSkew)]
    [InlineData("AuthorizationHeaderMalformed", ProbeFault.RegionWrong)]
    [InlineData("SecondLevelDomainForbidden", ProbeFault.VirtualHostNeeded)]
    [InlineData("AccessDenied", ProbeFault.BucketDenied)]
    public void What_object_stores_answer_is_named(string code, ProbeFault fault)
    {
        var target = new ObjectStoreTarget("s3.example.com", "key", "secret", Bucket, "cn-north-1", Tls: true, "auto");

        Assert.Equal(fault, ObjectStoreFaults.Of(code, "as it says", HttpStatusCode.Forbidden, target, ProbeFault.BucketDenied).Fault);
    }

    private static ObjectStoreTarget Target(OutsideServer store) => new($"127.0.0.1:{store.Port}", "S3RVER", "S3RVER", Bucket, "us-east-1", Tls: false, "auto");

    private static (ProbeOutcome, ProbeFault) Verdict(IEnumerable<ProbeStep> steps, ProbeStepId id)
    {
        var step = steps.Last(step => step.Id == id);
        return (step.Outcome, step.Fault);
    }

    private static async Task<List<ProbeStep>> RunAsync(ObjectStoreTarget target) =>
        await new ObjectStoreTest(target, TimeProvider.System).RunAsync(TestContext.Current.CancellationToken).Where(step => step.Outcome != ProbeOutcome.Running).ToListAsync();
}
