using FsCheck;
using FsCheck.Fluent;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.ImageBuilds;

namespace Runner.Tests.Engine.ImageBuilds;

public sealed class ImageBuildNamesTests
{
    [Theory]
    [InlineData("Acme", "Sketch-Demo", "4712", "9002", "sib-acme-sketch-d-4712-9002")]
    [InlineData("", "", "1", "2", "sib-default-default-1-2")]
    [InlineData("A__B", "_x.y_", "1", "2", "sib-a-b-x-y-1-2")]
    public void The_name_of_a_build_is_made_of_owner_space_deploy_and_task(string org, string space, string deploy, string task, string name) =>
        Assert.Equal(name, ImageBuildNames.Workflow(org, space, deploy, task));

    [Fact]
    public void The_image_of_the_sample_is_named_in_lower_case_with_ten_characters_of_the_commit() =>
        Assert.Equal("acme/sketch-demo-221:0a1b2c3d4e", ImageBuildNames.Image("Acme", "Sketch-Demo", 221, "0a1b2c3d4e5f60718293"));

    [Fact]
    public void Any_texts_make_a_name_that_Kubernetes_takes() => Prop.ForAll(ArbMap.Default.ArbFor<Tuple<string?, string?, string?, string?>>(), texts =>
    {
        var name = ImageBuildNames.Workflow(texts.Item1 ?? "", texts.Item2 ?? "", texts.Item3 ?? "", texts.Item4 ?? "");
        return Naming.IsLabel(name) && name.StartsWith("sib-", StringComparison.Ordinal) && Naming.IsSubdomain(ImageBuildNames.TokenSecret(name));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Two_tasks_of_a_space_never_share_a_name() => Prop.ForAll(ArbMap.Default.ArbFor<Tuple<string?, string?, PositiveInt, PositiveInt>>(), build =>
        build.Item3.Get == build.Item4.Get || Name(build.Item1, build.Item2, build.Item3) != Name(build.Item1, build.Item2, build.Item4)).QuickCheckThrowOnFailure();

    private static string Name(string? org, string? space, PositiveInt task) =>
        ImageBuildNames.Workflow(org ?? "", space ?? "", "4712", task.Get.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
