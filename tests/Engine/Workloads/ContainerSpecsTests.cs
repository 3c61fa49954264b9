using System.Text;
using Runner.Engine.Workloads.Containers;

namespace Runner.Tests.Engine.Workloads;

public sealed class ContainerSpecsTests
{
    [Fact]
    public void A_service_tells_resources_and_environment_and_no_secret()
    {
        var container = Assert.Single(Read("""
            {"spec":{"template":{"metadata":{"name":"x"},"spec":{"containers":[{"name":"user-container","image":"a/b:1",
             "resources":{"requests":{"nvidia.com/gpu":1,"memory":"4Gi","cpu":"2"},"limits":{"cpu":"4","memory":"4Gi"}},
             "env":[{"name":"REPO_ID","value":"acme/x"},{"name":"ACCESS_TOKEN","value":"planted-1"},{"name":"HTTP_PROXY","value":"http://u:planted-2@proxy"},
                    {"name":"HF_TOKEN","valueFrom":{"secretKeyRef":{"name":"web-env","key":"HF_TOKEN"}}},{"name":"NODE","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}}]}]}}}}
            """));
        Assert.Equal(("", "user-container", "a/b:1", false), (container.Part, container.Name, container.Image, container.Init));
        Assert.Equal([new("cpu", "2", "4"), new("memory", "4Gi", "4Gi"), new("nvidia.com/gpu", "1", "")], container.Resources);
        Assert.Equal(
            [new("REPO_ID", "acme/x", "", false), new("ACCESS_TOKEN", "(hidden)", "", true), new("HTTP_PROXY", "http://(hidden)@proxy", "", true), new("HF_TOKEN", "", "Secret web-env/HF_TOKEN", true), new("NODE", "", "spec.nodeName", false)],
            container.Environment);
    }

    [Fact]
    public void Several_templates_tell_which_container_is_whose()
    {
        var set = Read("""{"spec":{"leaderWorkerTemplate":{"leaderTemplate":{"spec":{"containers":[{"name":"a"}]}},"workerTemplate":{"spec":{"initContainers":[{"name":"i"}],"containers":[{"name":"b"}]}}}}}""");
        Assert.Equal([("leader", "a", false), ("worker", "i", true), ("worker", "b", false)], set.Select(container => (container.Part, container.Name, container.Init)));
        var workflow = Read("""{"spec":{"templates":[{"name":"prepare","container":{"image":"p"}},{"name":"main","dag":{"tasks":[{"name":"t","template":"prepare"}]}},{"name":"train","container":{"name":"c","image":"q"}}]}}""");
        Assert.Equal([("prepare", "p"), ("train", "q")], workflow.Select(container => (container.Part, container.Image)));
    }

    private static IReadOnlyList<WorkloadContainerSpec> Read(string json) => ContainerSpecs.Read(Encoding.UTF8.GetBytes(json));
}
