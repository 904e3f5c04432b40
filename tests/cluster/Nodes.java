/* SPDX-License-Identifier: MIT
 *
 * Nodes - the daemons of Hadoop on the loopback interface, for tests: `Nodes FOLDER` runs a name
 * node, a data node, a resource manager and a node manager in this process and writes their
 * addresses to FOLDER/conf; `Nodes FOLDER node` runs one more node manager, which can be killed on
 * its own. They run until they are killed. Both need FOLDER/conf on the class path.
 */
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.nodemanager.NodeManager;
import org.apache.hadoop.yarn.server.resourcemanager.ResourceManager;

public class Nodes {
    static void write(Configuration conf, Path file) throws Exception {
        Path temporary = file.resolveSibling(file.getFileName() + ".new");
        try (OutputStream out = Files.newOutputStream(temporary)) {
            conf.writeXml(out);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }

    static void node(Configuration base, Path folder, String name) {
        YarnConfiguration conf = new YarnConfiguration(base);
        conf.set(YarnConfiguration.NM_LOCAL_DIRS, folder.resolve(name + "/local").toString());
        conf.set(YarnConfiguration.NM_LOG_DIRS, folder.resolve(name + "/logs").toString());
        NodeManager manager = new NodeManager();
        manager.init(conf);
        manager.start();
    }

    static void run(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]).toAbsolutePath();
        Configuration conf = new YarnConfiguration();

        if (arguments.length > 1) {
            node(conf, folder, arguments[1]);
        } else {
            MiniDFSCluster files = new MiniDFSCluster.Builder(conf, folder.resolve("hdfs").toFile())
                .numDataNodes(1).build();
            files.waitActive();
            ResourceManager resources = new ResourceManager();
            resources.init(conf);
            resources.start();
            Configuration site = new Configuration(false);
            site.addResource(new org.apache.hadoop.fs.Path(folder.resolve("base.xml").toUri()));
            site.set("fs.defaultFS", files.getURI().toString());
            for (String key : new String[] {
                    YarnConfiguration.RM_ADDRESS, YarnConfiguration.RM_SCHEDULER_ADDRESS,
                    YarnConfiguration.RM_RESOURCE_TRACKER_ADDRESS,
                    YarnConfiguration.RM_ADMIN_ADDRESS }) {
                site.set(key, resources.getConfig().get(key));
            }
            for (String part : new String[] { "core", "hdfs", "yarn", "mapred" }) {
                write(site, folder.resolve("conf/" + part + "-site.xml"));
            }
            node(new YarnConfiguration(), folder, "first"); /* reads what was written */
        }
        System.out.println("up");
        Thread.currentThread().join();
    }

    public static void main(String[] arguments) {
        try {
            run(arguments);
        } catch (Exception exception) {
            exception.printStackTrace();
            System.exit(1); /* in spite of the threads of what has started */
        }
    }
}
