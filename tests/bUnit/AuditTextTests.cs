using System.Collections;
using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Runner.Engine.Diagnostics.Installation;
using Runner.Engine.Probes;
using Runner.Web.Identity;
using Runner.Web.Identity.Users;

namespace Runner.Tests.bUnit;

/// <summary>The audit log keeps facts, and words them for whoever reads them.</summary>
public sealed partial class AuditTextTests
{
    private static readonly Dictionary<string, string> English = Read(CultureInfo.InvariantCulture);
    private static readonly Dictionary<string, string> Chinese = Read(new CultureInfo("zh-Hans"));

    [Fact]
    public void Both_languages_say_the_same_things_with_the_same_holes()
    {
        Assert.Equal(English.Keys.Order(), Chinese.Keys.Order());
        Assert.Empty(English.Where(entry => !Holes(entry.Value).SetEquals(Holes(Chinese[entry.Key]))).Select(entry => entry.Key));
    }

    [Fact]
    public void Every_sentence_and_every_name_that_is_kept_as_a_fact_has_words()
    {
        var kept = Enum.GetValues<AuditSentence>().Except([AuditSentence.None, AuditSentence.Quoted, AuditSentence.Explained]).Select(sentence => $"{sentence}")
            .Concat(Enum.GetNames<InstallMode>().Select(mode => $"Mode.{mode}"))
            .Concat(Enum.GetNames<InstallOutcome>().Except([nameof(InstallOutcome.Running)]).Select(outcome => $"Object.{outcome}"))
            .Concat(Enum.GetNames<FactorTaken>().Select(taken => $"Factor.{taken}"))
            .Append("Check.all");
        Assert.Empty(kept.Except(English.Keys));
        Assert.Empty(English.Keys.Where(key => !key.StartsWith("Target.", StringComparison.Ordinal)).Except(kept));
    }

    [Fact]
    public void A_detail_is_worded_in_both_languages_with_the_names_of_its_facts()
    {
        var tried = AuditWords.Say(new(AuditSentence.BundleTried, "Create", "Created 3, Refused 1", "Namespace knative-serving, Service web"));
        Assert.Equal(("Create, dry run: Created 3, Refused 1; Namespace knative-serving, Service web", "新建，试运行：已新建 3，被拒绝 1；Namespace knative-serving, Service web"), (tried.English, tried.Chinese));

        var role = AuditWords.Say(new(AuditSentence.RoleFromNowOn, "Operator"));
        Assert.Equal(("Operator from now on.", "从现在起为操作员。"), (role.English, role.Chinese));

        var failed = AuditWords.Say(new(AuditSentence.TestFailed, "registry.example.com", nameof(ProbeStepId.Login), nameof(ProbeFault.Refused), "418"));
        Assert.Equal(("registry.example.com: Sign in. The server refused with 418.", "registry.example.com：登录。服务器以 418 拒绝。"), (failed.English, failed.Chinese));

        var refused = AuditWords.Say(AuditDetail.Of(new UserRefusedException(UserRefusal.PasswordWrong, "in English")));
        Assert.Equal(("The present password is not right.", true), (refused.English, Ideograph().IsMatch(refused.Chinese)));

        var braces = AuditWords.Say(new(AuditSentence.VersionAgain, "3", "as it was {0} {1:Role}"));
        Assert.Equal("Version 3 again: as it was {0} {1:Role}", braces.English);
    }

    [Theory]
    [InlineData("The role does not allow it.", "角色不允许。")]
    [InlineData("Second factor. Not looked at: too many attempts failed before.", "第二因素。未处理：此前失败次数过多。")]
    [InlineData("Operator from now on.", "Operator from now on.")]
    public void An_entry_from_before_facts_were_kept_stays_readable(string written, string shown) => Assert.Equal((written, shown), (AuditWords.Recognise(written).English, AuditWords.Recognise(written).Chinese));

    [Theory]
    [InlineData(AuditActions.ConfigurationSave, "version 3", "配置版本 3")]
    [InlineData(AuditActions.ConfigurationExport, "release runner, revision 7", "Release runner，修订 7")]
    [InlineData(AuditActions.ReplicaConflict, "settings of cluster a b", "集群 a b 的设置")]
    [InlineData(AuditActions.RunDiagnostics, "HubToken", "Hub 令牌")]
    [InlineData(AuditActions.RunDiagnostics, "all", "全部检查")]
    [InlineData(AuditActions.UserDelete, "outbox", "outbox")]
    [InlineData(AuditActions.Purge, "embedded/Service/spaces/web", "embedded/Service/spaces/web")]
    public void A_target_is_worded_where_it_is_no_name(string action, string target, string shown) => Assert.Equal(shown, AuditWords.Target(action, target).Chinese);

    private static Dictionary<string, string> Read(CultureInfo culture) => new ResourceManager(typeof(AuditText)).GetResourceSet(culture, createIfNotExists: true, tryParents: false)!
        .Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    private static HashSet<string> Holes(string text) => [.. Hole().Matches(text).Select(match => match.Value)];

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"[\u3400-\u9fff]")]
    private static partial Regex Ideograph();
}
