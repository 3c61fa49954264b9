using Runner.Engine.Probes;
using Runner.Engine.Registry;

namespace Runner.Tests.Engine.Connections;

/// <summary>The registry test against a real registry, each fault by its name.</summary>
public sealed class RegistryTestTests
{
    [Fact]
    public async Task An_open_registry_passes_every_step_and_its_upload_is_cancelled()
    {
        await using var registry = await OutsideServer.RegistryAsync();

        var steps = await RunAsync(Target(registry));

        Assert.All(steps, step => Assert.True(step.Outcome is ProbeOutcome.Passed or ProbeOutcome.NotNeeded, $"{step.Id}: {step.Fault} {step.Evidence}"));
        Assert.Equal(ProbeFault.Open, Of(steps, ProbeStepId.Login).Fault);

        // The state of its digest is what this registry itself leaves of an upload that it no longer knows.
        var left = Directory.EnumerateFiles(registry.Folder, "*", SearchOption.AllDirectories).Where(file => file.Contains("_uploads", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(left);
        Assert.DoesNotContain(left, file => Path.GetFileName(file) is "data" or "startedat");
    }

    [Fact]
    public async Task The_right_password_passes_and_a_wrong_one_is_named_without_being_told()
    {
        await using var registry = await OutsideServer.RegistryAsync(password: true);

        var right = await RunAsync(Target(registry, OutsideServer.User, OutsideServer.Password));
        var wrong = await RunAsync(Target(registry, OutsideServer.User, "quite-the-wrong-password"));
        var none = await RunAsync(Target(registry));

        Assert.Equal(ProbeOutcome.Passed, Of(right, ProbeStepId.Login).Outcome);
        Assert.Equal(ProbeOutcome.Passed, Of(right, ProbeStepId.Push).Outcome);
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.CredentialsWrong), Verdict(wrong, ProbeStepId.Login));
        Assert.Equal(ProbeOutcome.NotReached, Of(wrong, ProbeStepId.Pull).Outcome);
        Assert.DoesNotContain(wrong, step => step.Evidence.Contains("quite-the-wrong", StringComparison.Ordinal));
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.CredentialsMissing), Verdict(none, ProbeStepId.Login));
    }

    [Fact]
    public async Task A_certificate_nobody_vouches_for_is_named_and_taken_only_when_told_to()
    {
        await using var registry = await OutsideServer.RegistryAsync(password: true, tls: true);
        var target = Target(registry, OutsideServer.User, OutsideServer.Password) with { PlainHttp = false };

        var strict = await RunAsync(target);
        var lax = await RunAsync(target with { SkipTlsVerify = true });

        Assert.Equal((ProbeOutcome.Failed, ProbeFault.CertificateUntrusted), Verdict(strict, ProbeStepId.Tls));
        Assert.Equal((ProbeOutcome.Warned, ProbeFault.CertificateUntrusted), Verdict(lax, ProbeStepId.Tls));
        Assert.Equal(ProbeOutcome.Passed, Of(lax, ProbeStepId.Push).Outcome);
    }

    [Fact]
    public async Task Http_and_https_mistaken_for_each_other_are_named()
    {
        await using var plain = await OutsideServer.RegistryAsync();
        await using var secure = await OutsideServer.RegistryAsync(tls: true);

        var tlsAtPlain = await RunAsync(Target(plain) with { PlainHttp = false });
        var plainAtTls = await RunAsync(Target(secure));

        Assert.Equal((ProbeOutcome.Failed, ProbeFault.SpeaksHttp), Verdict(tlsAtPlain, ProbeStepId.Tls));
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.SpeaksHttps), Verdict(plainAtTls, ProbeStepId.Tls));
    }

    [Theory]
    [InlineData("", ProbeFault.AddressMissing)]
    [InlineData("127.0.0.1:1/csghub", ProbeFault.NothingListens)]
    [InlineData("no-such-host.invalid/csghub", ProbeFault.NameUnknown)]
    public async Task What_cannot_be_reached_is_named(string address, ProbeFault fault)
    {
        var steps = await RunAsync(new(address, "", "", "", PlainHttp: true, SkipTlsVerify: false));

        Assert.Equal((ProbeOutcome.Failed, fault), Verdict(steps, ProbeStepId.Reach));
    }

    [Fact]
    public void Other_credentials_for_one_registry_leave_those_of_others()
    {
        var address = RegistryAddress.Parse("registry.example.com:5000/csghub", plainHttp: false)!;
        const string Before = """{"auths":{"https://index.docker.io/v1/":{"auth":"aHViOnNlY3JldA=="},"registry.example.com:5000":{"auth":"b2xkOnBhc3M="}}}""";

        var after = DockerConfig.With(Before, address, "new", "word");

        Assert.Equal(("old", "pass"), DockerConfig.Find(Before, address));
        Assert.Equal(("new", "word"), DockerConfig.Find(after, address));
        Assert.Equal(("hub", "secret"), DockerConfig.Find(after, RegistryAddress.Parse("docker.io/library", plainHttp: false)!));
    }

    private static RegistryTarget Target(OutsideServer registry, string user = "", string password = "") =>
        new($"127.0.0.1:{registry.Port}/csghub", user, password, "", PlainHttp: true, SkipTlsVerify: false);

    private static ProbeStep Of(IEnumerable<ProbeStep> steps, ProbeStepId id) => steps.Last(step => step.Id == id);

    private static (ProbeOutcome, ProbeFault) Verdict(IEnumerable<ProbeStep> steps, ProbeStepId id) => (Of(steps, id).Outcome, Of(steps, id).Fault);

    private static async Task<List<ProbeStep>> RunAsync(RegistryTarget target) =>
        await new RegistryTest(target, TimeProvider.System).RunAsync(TestContext.Current.CancellationToken).Where(step => step.Outcome != ProbeOutcome.Running).ToListAsync();
}
